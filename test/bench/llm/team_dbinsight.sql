-- The same team with dbinsight: what its user writes.
CREATE SERVER bench_llm FOREIGN DATA WRAPPER dbinsight_llm OPTIONS (provider 'openai', base_url ':url/v1', model 'm');
CREATE USER MAPPING FOR CURRENT_USER SERVER bench_llm OPTIONS (api_key ':key');
SET dbinsight.llm_server = 'bench_llm';
SELECT * FROM dbinsight.ask('How is the account?');
