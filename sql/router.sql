/* The first model: of the lexicon and the examples that ship with the extension, when all tools are there. Made with it, at no time. */
INSERT INTO dbinsight.router_models (created_at, created_by, model, metrics, builtin)
SELECT '-infinity', 'dbinsight', t.model, t.metrics, true FROM dbinsight._train_router() t;
