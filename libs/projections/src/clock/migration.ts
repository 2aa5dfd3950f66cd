/** What an operator accepted of a clock that does not agree with what is recorded. */
export const CLOCK_CONFIRMATIONS = /* sql */ `
    -- An operator confirmed the clock of a process: confirmed_at is what that clock said. What is recorded up to newest_at may lie
    -- ahead of the clock from then on. A process whose clock jumped accepts a confirmation that was made after it noticed.
    CREATE TABLE perennial.clock_confirmations (
      id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      confirmed_at timestamptz(3) NOT NULL,
      newest_at    timestamptz(3),
      confirmed_by text NOT NULL
    );
    `;
