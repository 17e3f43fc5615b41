\timing on
set log_statement_stats=on;
