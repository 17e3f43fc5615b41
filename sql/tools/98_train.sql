/* The first model: of the lexicon and the examples that ship with the extension. */
INSERT INTO dbinsight.router_models (created_by, model, metrics, active, builtin)
SELECT 'dbinsight', t.model, t.metrics, true, true FROM dbinsight._train_router() t;
