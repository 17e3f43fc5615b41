/* People and service principals by what comes before the @: "grace.kim", "svc-bi". */
CREATE INDEX ON dbinsight.rollup_address_seen (lower(split_part(user_email, '@', 1)));

CREATE VIEW dbinsight.known_people WITH (security_invoker = true) AS
SELECT 'user' AS kind, lower(split_part(user_email, '@', 1)) AS key, user_email AS value
FROM dbinsight.rollup_address_seen WHERE user_email IS NOT NULL;
COMMENT ON VIEW dbinsight.known_people IS
'People and service principals who were ever seen, as dbinsight.known_names: key is what comes before the @, in lower case';
