-- The journal of one run: RUN/journal.sqlite, SQLite in WAL mode, one writer.
-- The run wing writes it; the analysis wing only reads it. JSON columns are canonical (sorted keys, no spaces).

CREATE TABLE IF NOT EXISTS problems (
    id            INTEGER PRIMARY KEY,          -- order in which the run took them up
    benchmark     TEXT NOT NULL,
    problem       TEXT NOT NULL,                -- the problem's id within its benchmark
    question      TEXT NOT NULL,
    answer        TEXT NOT NULL,                -- reference answer as the benchmark writes it
    subject       TEXT,
    level         TEXT,
    messages      TEXT NOT NULL,                -- JSON, the chat that the prompt was rendered from
    prompt        TEXT NOT NULL,                -- rendered once: a date in a chat template cannot move a key
    prompt_ids    BLOB NOT NULL,                -- little-endian uint32
    retired       INTEGER NOT NULL DEFAULT 0,   -- 1: no longer of the run; its samples are kept, it has no cells
    public        TEXT NOT NULL DEFAULT '{}',   -- JSON, what else of it strategies and verifiers may see
    payload       TEXT NOT NULL DEFAULT '{}'    -- JSON, what else grading needs and nobody but grading sees
);
CREATE UNIQUE INDEX IF NOT EXISTS problems_of_the_run ON problems (benchmark, problem) WHERE retired = 0;

-- Other prompts: a chat that goes on after the question, or a strategy's own, or for another model than the policy;
-- rendered once like the problems'. Also texts that strategies
-- put into answers (no problem, no messages).
CREATE TABLE IF NOT EXISTS chats (
    id            INTEGER PRIMARY KEY,
    key           BLOB NOT NULL UNIQUE,         -- 16 bytes: model, problem and messages
    problem       INTEGER REFERENCES problems (id),
    messages      TEXT NOT NULL,                -- JSON, the chat
    prompt        TEXT NOT NULL,
    prompt_ids    BLOB NOT NULL                 -- little-endian uint32
);

-- All of a sample's identity but its path.
CREATE TABLE IF NOT EXISTS contexts (
    id            INTEGER PRIMARY KEY,
    digest        BLOB NOT NULL UNIQUE,         -- 16 bytes: model, problem, prompt and prefix ids, parameters, seed, bound
    problem       INTEGER NOT NULL REFERENCES problems (id),
    chat          INTEGER REFERENCES chats (id), -- NULL: the problem's own prompt
    prefix_ids    BLOB NOT NULL,                -- the answer so far that was continued; empty for a whole answer
    params        TEXT NOT NULL,                -- resolved sampling parameters, JSON
    seed          INTEGER NOT NULL,             -- run seed
    model         TEXT NOT NULL DEFAULT '',     -- fingerprint
    bound         INTEGER                       -- tokens that the engine's context left, where it was what bound
);

CREATE TABLE IF NOT EXISTS engines (
    id            INTEGER PRIMARY KEY,
    version       TEXT NOT NULL UNIQUE          -- name and version of the software that answered
);

-- Every answer of the model. (context, path) is the sample's key; the first answer written wins.
CREATE TABLE IF NOT EXISTS samples (
    id            INTEGER PRIMARY KEY,          -- order of arrival
    context       INTEGER NOT NULL REFERENCES contexts (id),
    path          TEXT NOT NULL,                -- JSON, ["sample",3]
    text          TEXT NOT NULL,                -- the answer up to here, decoded from prefix and token ids together
    token_ids     BLOB NOT NULL,                -- little-endian uint32
    logprobs      BLOB,                         -- little-endian float16, one a token; raw, before temperature
    top_ids       BLOB,                         -- little-endian uint32, K a token
    top_logprobs  BLOB,                         -- little-endian float16, K a token
    finish_reason TEXT NOT NULL CHECK (finish_reason IN ('stop', 'length', 'step', 'refused')),
    stop_reason   TEXT,                         -- JSON: null, a token id, a stop string, or why the engine refused
    engine        INTEGER NOT NULL REFERENCES engines (id),
    UNIQUE (context, path)
);

-- Requests sent and not yet answered. What is left here when a run is taken up again was in flight when it died.
CREATE TABLE IF NOT EXISTS started (
    id            INTEGER PRIMARY KEY,
    context       INTEGER NOT NULL,
    paths         TEXT NOT NULL                 -- JSON list of paths
);

-- Every answer of a verifier.
CREATE TABLE IF NOT EXISTS scores (
    key           BLOB PRIMARY KEY,             -- 16 bytes: verifier fingerprint, question, answer
    verifier      TEXT NOT NULL,
    "values"      TEXT NOT NULL,                -- JSON list, one a step or one in all
    tokens        INTEGER NOT NULL
) WITHOUT ROWID;

-- Verdicts, each given once: also between two answers, where classes were formed. What was not settled (a timeout, a
-- worker that died) is none, and is not here.
CREATE TABLE IF NOT EXISTS verdicts (
    grader        TEXT NOT NULL,                -- whose rules, with their version
    reference     TEXT NOT NULL,                -- the reference answer; for a benchmark's own rules, a digest of the problem
    answer        TEXT NOT NULL,
    correct       INTEGER NOT NULL,
    detail        TEXT,                         -- JSON, what else the rules say; NULL: nothing
    PRIMARY KEY (grader, reference, answer)
) WITHOUT ROWID;

-- One problem under one strategy setting and seed, finished and graded. A larger n replaces an independent strategy's
-- row (its cell serves every smaller n); other strategies have a row for each n.
CREATE TABLE IF NOT EXISTS cells (
    id            INTEGER PRIMARY KEY,
    problem       INTEGER NOT NULL REFERENCES problems (id),
    strategy      TEXT NOT NULL,
    setting       TEXT NOT NULL,                -- JSON: the parameters that differ from the package's defaults, without n
    seed          INTEGER NOT NULL,
    budget        INTEGER NOT NULL,             -- 0 for an independent strategy, else n
    n             INTEGER NOT NULL,             -- what was asked for
    grading       TEXT NOT NULL,                -- JSON, what the outcome holds for: grader and configuration, scores, reference
    usage         TEXT NOT NULL,                -- JSON of tts.core.Usage
    history       TEXT NOT NULL,                -- JSON list: what the strategy recorded of its steps
    grader        TEXT NOT NULL,                -- JSON: {"capped":0|1,"mixed":classes whose members got different verdicts,"timeouts":pairs,"errors":pairs}
    contexts      TEXT NOT NULL DEFAULT '{}',   -- JSON by model: the engine's context then, and the least that binds nothing
    UNIQUE (problem, strategy, setting, seed, budget)
);

-- The candidates of a cell, in order; enough for every curve without opening a text.
CREATE TABLE IF NOT EXISTS candidates (
    cell          INTEGER NOT NULL REFERENCES cells (id) ON DELETE CASCADE,
    idx           INTEGER NOT NULL,
    samples       TEXT NOT NULL,                -- JSON list of [context id, path], the completions it is made of
    answer        TEXT,                         -- extracted; NULL where there is none
    class         INTEGER NOT NULL,             -- equivalence class within the cell, -1 where there is no answer
    correct       INTEGER NOT NULL,             -- its class's verdict
    finished      INTEGER NOT NULL,             -- 0: truncated
    output_tokens INTEGER NOT NULL,
    scores        TEXT NOT NULL DEFAULT '{}',   -- JSON by verifier:aggregation
    refused       INTEGER NOT NULL DEFAULT 0,   -- 1: the engine would not go on with it
    verdict       TEXT,                         -- JSON: {"outcome":"timeout"|"error"} where it was not settled, "detail" of the rules; NULL: nothing to add
    PRIMARY KEY (cell, idx)
) WITHOUT ROWID;

-- Each time the run was taken up: how many samples it held and how many in-flight ones were lost and drawn again.
CREATE TABLE IF NOT EXISTS sessions (
    id            INTEGER PRIMARY KEY,
    held          INTEGER NOT NULL,
    redrawn       INTEGER NOT NULL
);
