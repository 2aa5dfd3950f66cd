export {
  areaUnderCurve,
  calibrationByDecile,
  meanAbsoluteError,
  purchasesAtFormerRate,
  type CalibrationPart,
} from './back-test.js';
export { BG_NBD, MBG_NBD, type BetaGeometricName, type BetaGeometricParameters } from './beta-geometric.js';
export {
  bgBbExpectedOfNew,
  bgBbExpectedPurchases,
  bgBbLogLikelihood,
  bgBbProbabilityAlive,
  fitBgBb,
  type BgBbParameters,
} from './bg-bb.js';
export {
  fitWithCovariates,
  parametersWith,
  type CovariateFit,
  type CovariateHistories,
  type CovariateParameters,
} from './covariates.js';
export {
  fitHazard,
  hazardOf,
  probabilityWithin,
  type HazardFit,
  type HazardOptions,
  type HazardRows,
} from './discrete-hazard.js';
export type { Fit, FitOptions, Parameters } from './fit.js';
export { expectedSpend, fitGammaGamma, type GammaGammaParameters, type SpendHistories } from './gamma-gamma.js';
export { historyIssues, type PurchaseHistories } from './histories.js';
export { ModelInputError, type ModelIssue } from './input-error.js';
export { discountedPurchases, monthlyDiscount, paretoNbdResidualPurchases, type Horizon } from './lifetime-value.js';
export type { HistoryModel } from './model.js';
export { PARETO_NBD, type ParetoNbdName, type ParetoNbdParameters } from './pareto-nbd.js';
export {
  fitSbg,
  sbgExpectedRenewals,
  sbgRetention,
  sbgSurvival,
  type Cohort,
  type SbgParameters,
} from './shifted-beta-geometric.js';
export { MODELS, type Columns, type ModelEntry, type Prediction } from './catalogue.js';
export {
  holdOutPurchases,
  periodOf,
  purchasesByPeriod,
  summarizePurchases,
  type DatedPurchase,
  type HeldOutSummary,
  type PeriodPurchases,
  type PurchasePeriod,
  type PurchaseSummary,
} from './purchase-periods.js';
export {
  OTHER_SEGMENT,
  quantile,
  RFM_SEGMENTS,
  rfmEdges,
  rfmScores,
  segmentOf,
  type RfmEdges,
  type RfmFigures,
  type RfmMethod,
  type RfmScores,
  type RfmSegment,
} from './rfm-scores.js';
export {
  countRecommenders,
  netPromoterScore,
  recommenderOf,
  satisfaction,
  shareOfScale,
  SURVEY_SCALES,
  walletShare,
  type Recommender,
  type Recommenders,
  type Satisfaction,
  type SatisfactionGrade,
  type SurveyAnswer,
  type SurveyScale,
} from './surveys.js';
export { expectedTracking, observedTracking, type Tracking } from './tracking.js';
export { bootstrap, type BootstrapIntervals, type BootstrapOptions } from './bootstrap.js';
