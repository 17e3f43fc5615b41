-- Prometheus' text, of an account made by hand.
BEGIN;
SET LOCAL dbinsight.now = '2025-03-10 12:00:00+00';
DELETE FROM dbinsight.job_definitions WHERE name <> 'delivery';
CREATE SERVER "c""\d" FOREIGN DATA WRAPPER dbinsight_channel OPTIONS (kind 'webhook', url 'https://example.com/hook');
SELECT count(dbinsight.send_event('c"\d', 'test', '{}')) FROM generate_series(1, 3);
SELECT dbinsight._outbox_failed(id, 0, '38000', 'busy', true, 0, false) FROM dbinsight.outbox ORDER BY seq LIMIT 1;
INSERT INTO dbinsight.chat_conversations (id) VALUES ('00000000-0000-4000-8000-000000000001');
-- 1, 2 and 3 seconds within a day, so half took 2 s and 95 % 2.9 s at most; the one of two days ago counts for nothing
INSERT INTO dbinsight.chat_messages (conversation_id, seq, role, content, grounded, model, prompt_tokens, completion_tokens, cost_usd, latency_ms, created_at)
SELECT '00000000-0000-4000-8000-000000000001', n, 'assistant', 'x', n > 1, 'm', 10, n, 0.25, 1000 * n, dbinsight.now() - CASE n WHEN 4 THEN interval '2 days' ELSE interval '1 hour' END
FROM generate_series(1, 4) n;
SELECT l FROM regexp_split_to_table(dbinsight.metrics(), E'\n') l WHERE l !~ '^dbinsight_(info|outbox_oldest_seconds|scheduler)|^#.*(info|scheduler)';
SELECT right(dbinsight.metrics(), 1) = E'\n' AS ends, dbinsight.metrics() ~ 'dbinsight_outbox_oldest_seconds\{destination="c\\"\\\\d"\} [0-9.]+\n' AS ages;
-- No sample twice.
SELECT split_part(l, ' ', 1) FROM regexp_split_to_table(dbinsight.metrics(), E'\n') l WHERE l !~ '^(#|$)' GROUP BY 1 HAVING count(*) > 1;
ROLLBACK;
