/* SPDX-License-Identifier: EUPL-1.2 */
/* What belongs together with a message. By crossRefnummer only between two parties that had each
 * other's message: references are free text, and anybody may write anybody's. */
#include "queue/inspect.h"

#include <stdio.h>

#include "queue/inspect_rows.h"

static const struct corv_column columns[] = {
    CORV_COLUMN(TEXT, struct corv_inspect_related, id),
    CORV_COLUMN(TEXT, struct corv_inspect_related, kind),
    CORV_COLUMN(TEXT, struct corv_inspect_related, variant),
    CORV_COLUMN(TEXT, struct corv_inspect_related, received),
    CORV_COLUMN(TEXT, struct corv_inspect_related, by),
};
static const struct corv_table table = {
    columns, sizeof columns / sizeof columns[0], sizeof(struct corv_inspect_related)};

#define WENT(message, party)                                                                       \
    "(EXISTS (SELECT FROM delivery d WHERE d.message_id = " message ".id AND d.party = " party ")" \
    " OR EXISTS (SELECT FROM delivery_done d WHERE d.message_id = " message                        \
    ".id AND d.party = " party "))"
/* "answer" names "asked": whoever answers got it, and the answer is for who sent or signed it. */
#define ANSWERS(answer, asked)                                                                     \
    " " answer ".crossref <> '' AND " asked ".referentie = " answer ".crossref AND " asked         \
    ".parent_id IS NULL AND " answer ".parent_id IS NULL AND " WENT(                               \
        asked, answer ".sender") " AND (" answer ".ontvanger_org = " asked                         \
                                 ".zender_org OR " WENT(answer, asked ".sender") ")"

/* $1 the message, $2 at most */
static const char related_sql[] =
    "WITH m AS MATERIALIZED (SELECT * FROM message WHERE id = $1::uuid),"
    " r AS (SELECT o.id, o.kind, o.variant, o.received_at, 'answers' AS by FROM m"
    "  JOIN message o ON" ANSWERS(
        "m", "o") " UNION ALL"
                  "  SELECT o.id, o.kind, o.variant, o.received_at, 'answered-by' FROM m"
                  "  JOIN message o ON" ANSWERS(
                      "o", "m") " UNION ALL"
                                "  SELECT o.id, o.kind, o.variant, o.received_at, 'case' FROM m"
                                "  JOIN message o ON o.zaak_key = m.zaak_key AND o.id <> m.id),"
                                " newest AS (SELECT * FROM r ORDER BY id DESC LIMIT $2::bigint)"
                                " SELECT id, kind, variant, " CORV_SQL_TIME(
                                    "received_at") ", by FROM newest ORDER BY id, by";

corv_rc corv_inspect_related(struct corv_inspect *i, const char *message_id,
    struct corv_inspect_related **out, size_t *count, struct corv_fault *fault)
{
    char limit[16];
    const char *params[] = {message_id, limit};
    corv_rc rc = corv_inspect_check_id(message_id, fault);

    *out = NULL;
    *count = 0;
    if (rc != CORV_OK)
        return rc;
    (void)snprintf(limit, sizeof limit, "%d", CORV_INSPECT_LIMIT);
    return corv_inspect_select(i, related_sql, 2, params, &table, out, count, fault);
}
