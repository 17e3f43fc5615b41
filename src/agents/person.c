/*
 * person.c: for whom a session acts.
 */
#include "postgres.h"

#include "fmgr.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"

#include "agents/person.h"
#include "base/base.h"

/*
 * dbinsight.user_id counts only for a session that logged in as a member of
 * dbinsight_proxy: it is the login that is trusted, so SET ROLE does not help,
 * and neither does being superuser (membership by inheritance only).
 */
static bool
may_act_for_others(void)
{
	Oid proxy = get_role_oid("dbinsight_proxy", true);

	return OidIsValid(proxy) && is_member_of_role_nosuper(GetSessionUserId(), proxy);
}

char *
dbi_person_name(void)
{
	if (dbi_guc_user_id[0] != '\0' && may_act_for_others())
		return pstrdup(dbi_guc_user_id);
	return GetUserNameFromId(GetUserId(), false);
}

PG_FUNCTION_INFO_V1(dbi_person);
Datum
dbi_person(PG_FUNCTION_ARGS)
{
	PG_RETURN_TEXT_P(cstring_to_text(dbi_person_name()));
}
