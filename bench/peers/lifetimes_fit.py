"""The peer of `npm run bench -- models`: fits BG/NBD and Pareto/NBD to a table with the package lifetimes, and prints parameters, log-likelihood and
seconds as JSON lines."""
import json
import sys
import time
import warnings

warnings.filterwarnings("ignore")
import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402
from lifetimes import BetaGeoFitter, ParetoNBDFitter  # noqa: E402



def likelihood(fitter, name, table):
    """The negative log-likelihood in the unit of the table: the fitter keeps that of scaled times."""
    log_params = np.log(fitter.params_.values)
    frequency, recency, age = (table[key].values.astype(float) for key in ("frequency", "recency", "T"))
    if name == "bg-nbd":
        mean = type(fitter)._negative_log_likelihood(log_params, frequency, recency, age, np.ones(len(table)), 0.0)
    else:
        mean = -type(fitter)._conditional_log_likelihood(fitter.params_.values, frequency, recency, age).mean()
    return float(mean) * len(table)


table = pd.read_csv(sys.argv[1])
for name in sys.argv[2:]:
    fitter = {"bg-nbd": BetaGeoFitter, "pareto-nbd": ParetoNBDFitter}[name]()
    started, cpu = time.perf_counter(), time.process_time()
    try:
        # As its users do: one row for each customer.
        fitter.fit(table["frequency"], table["recency"], table["T"])
        found = {key: float(value) for key, value in fitter.params_.items()}
        outcome = {"parameters": found, "logLikelihood": -likelihood(fitter, name, table)}
    except Exception as error:  # whatever the peer cannot do is its result
        outcome = {"error": f"{type(error).__name__}: {error}"[:200]}
    spent = {"seconds": time.perf_counter() - started, "cpuSeconds": time.process_time() - cpu}
    print(json.dumps({"model": name, **outcome, **spent}), flush=True)
