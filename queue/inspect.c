/* SPDX-License-Identifier: EUPL-1.2 */
/* Questions about messages. */
#include "queue/inspect.h"

#include <stdio.h>
#include <string.h>

#include "queue/inspect_rows.h"

#define PREFIX_MIN 8
#define ID_DIGITS  32

static const struct corv_column message_columns[] = {
    CORV_COLUMN(TEXT, struct corv_inspect_message, id),
    CORV_COLUMN(TEXT, struct corv_inspect_message, parent),
    CORV_COLUMN(TEXT, struct corv_inspect_message, received),
    CORV_COLUMN(TEXT, struct corv_inspect_message, kind),
    CORV_COLUMN(TEXT, struct corv_inspect_message, variant),
    CORV_COLUMN(TEXT, struct corv_inspect_message, sender),
    CORV_COLUMN(TEXT, struct corv_inspect_message, zender_org),
    CORV_COLUMN(TEXT, struct corv_inspect_message, ontvanger_org),
    CORV_COLUMN(TEXT, struct corv_inspect_message, referentie),
    CORV_COLUMN(TEXT, struct corv_inspect_message, mandated_by),
    CORV_COLUMN(TEXT, struct corv_inspect_message, responsible),
    CORV_COLUMN(BOOL, struct corv_inspect_message, urgent),
    CORV_COLUMN(U64, struct corv_inspect_message, size),
    CORV_COLUMN(TEXT, struct corv_inspect_message, digest),
    CORV_COLUMN(UINT, struct corv_inspect_message, deliveries),
    CORV_COLUMN(UINT, struct corv_inspect_message, waiting),
    CORV_COLUMN(UINT, struct corv_inspect_message, held),
    CORV_COLUMN(UINT, struct corv_inspect_message, dead),
    CORV_COLUMN(UINT, struct corv_inspect_message, confirmed),
    CORV_COLUMN(UINT, struct corv_inspect_message, dropped),
};
static const struct corv_table message_table = {message_columns,
    sizeof message_columns / sizeof message_columns[0], sizeof(struct corv_inspect_message)};

#define COUNT(state, name) " count(*) FILTER (WHERE state = " state ") AS " name
#define COUNTS                                                                                     \
    "SELECT count(*) AS deliveries," COUNT("0", "waiting") "," COUNT("1", "held") "," COUNT(       \
        "2", "dead") "," COUNT("3", "confirmed") "," COUNT("4", "dropped")
#define MESSAGES                                                                                   \
    "SELECT m.id, m.parent_id, " CORV_SQL_TIME(                                                    \
        "m.received_at") ", m.kind, m.variant, m.sender,"                                          \
                         " m.zender_org, m.ontvanger_org, m.referentie, m.mandated_by,"            \
                         " m.responsible, m.urgent, m.size, encode(m.digest, 'hex'), c.*"          \
                         " FROM message m CROSS JOIN LATERAL (" COUNTS                             \
                         "  FROM (SELECT state FROM delivery WHERE message_id = m.id UNION ALL"    \
                         "   SELECT state FROM delivery_done WHERE message_id = m.id) s) c"

/* The conditions that are not asked for are constants to the planner and cost nothing. */
static const char list_sql[] =
    MESSAGES " WHERE ($1::text IS NULL OR m.kind = $1)"
             " AND ($2::text IS NULL OR m.sender = $2"
             "  OR EXISTS (SELECT FROM delivery d WHERE d.message_id = m.id AND d.party = $2)"
             "  OR EXISTS (SELECT FROM delivery_done d WHERE d.message_id = m.id AND d.party = $2))"
             " AND ($3::text IS NULL"
             "  OR EXISTS (SELECT FROM delivery WHERE message_id = m.id"
             "   AND ($3 = " CORV_SQL_OPEN_STATE " OR ($3 = 'waiting' AND state = 0)))"
             "  OR EXISTS (SELECT FROM delivery_done WHERE message_id = m.id"
             "   AND $3 = " CORV_SQL_DONE_STATE "))"
             " AND ($4::text IS NULL OR m.referentie = $4)"
             " AND ($6::text IS NULL OR (m.received_at >= ($6 || 'T00:00Z')::timestamptz"
             "  AND m.received_at < ($6 || 'T00:00Z')::timestamptz + interval '1 day'))"
             " ORDER BY m.id DESC LIMIT $5::bigint";

corv_rc corv_inspect_messages(struct corv_inspect *i, const struct corv_inspect_filter *filter,
    struct corv_inspect_message **out, size_t *count, struct corv_fault *fault)
{
    char limit[16];
    const char *params[] = {
        filter->kind, filter->party, filter->state, filter->reference, limit, filter->day};

    (void)snprintf(limit, sizeof limit, "%u", filter->limit ? filter->limit : CORV_INSPECT_LIMIT);
    return corv_inspect_select(i, list_sql, 6, params, &message_table, out, count, fault);
}

/* ---- one message, by a piece of its number ------------------------------------------------- */

static bool add_digit(char *out, size_t *digits, char c)
{
    static const char hex[] = "0123456789abcdefABCDEF";

    if (c == '-')
        return true;
    if (c == '\0' || !strchr(hex, c) || *digits == ID_DIGITS)
        return false;
    out[(*digits)++] = c;
    return true;
}

/* The first and the last number that begin so: a range, which finds its partition. */
static corv_rc range_of(const char *prefix, char *low, char *high, struct corv_fault *fault)
{
    char digits[ID_DIGITS];
    size_t n = 0;

    for (const char *p = prefix; *p; p++)
        if (!add_digit(digits, &n, *p))
            return CORV_FAIL(fault, CORV_E_INVALID, CORV_FAULT_SENDER, "message.number",
                "Dit is geen berichtnummer: dat bestaat uit 0-9, a-f en streepjes.");
    if (n < PREFIX_MIN)
        return CORV_FAIL(fault, CORV_E_INVALID, CORV_FAULT_SENDER, "message.number",
            "Geef ten minste de eerste %d tekens van het berichtnummer.", PREFIX_MIN);
    memcpy(low, digits, n);
    memcpy(high, digits, n);
    memset(low + n, '0', ID_DIGITS - n);
    memset(high + n, 'f', ID_DIGITS - n);
    low[ID_DIGITS] = high[ID_DIGITS] = '\0';
    return CORV_OK;
}

corv_rc corv_inspect_message(struct corv_inspect *i, const char *id,
    struct corv_inspect_message *out, struct corv_fault *fault)
{
    char low[ID_DIGITS + 1];
    char high[ID_DIGITS + 1];
    const char *params[] = {low, high};
    struct corv_inspect_message *list = NULL;
    size_t count = 0;
    corv_rc rc = range_of(id, low, high, fault);

    if (rc == CORV_OK)
        rc = corv_inspect_select(i,
            MESSAGES " WHERE m.id >= $1::uuid AND m.id <= $2::uuid ORDER BY m.id LIMIT 2", 2,
            params, &message_table, &list, &count, fault);
    if (rc == CORV_OK && count == 0)
        rc = CORV_FAIL(fault, CORV_E_NOTFOUND, CORV_FAULT_SENDER, "message.unknown",
            "Er is geen bericht met dit nummer. Zoek het met: corvctl message list");
    if (rc == CORV_OK && count > 1)
        rc = CORV_FAIL(fault, CORV_E_LIMIT, CORV_FAULT_SENDER, "message.several",
            "Meer berichten beginnen met dit nummer. Geef meer tekens.");
    if (rc == CORV_OK)
        *out = list[0];
    corv_inspect_free(list);
    return rc;
}

corv_rc corv_inspect_children(struct corv_inspect *i, const char *id,
    struct corv_inspect_message **out, size_t *count, struct corv_fault *fault)
{
    corv_rc rc = corv_inspect_check_id(id, fault);

    *out = NULL;
    *count = 0;
    if (rc != CORV_OK)
        return rc;
    return corv_inspect_select(i, MESSAGES " WHERE m.parent_id = $1::uuid ORDER BY m.id", 1, &id,
        &message_table, out, count, fault);
}

/* ---- per day ------------------------------------------------------------------------------ */

static const struct corv_column day_columns[] = {
    CORV_COLUMN(TEXT, struct corv_inspect_day, day),
    CORV_COLUMN(TEXT, struct corv_inspect_day, kind),
    CORV_COLUMN(U64, struct corv_inspect_day, messages),
    CORV_COLUMN(U64, struct corv_inspect_day, bytes),
    CORV_COLUMN(U64, struct corv_inspect_day, deliveries),
    CORV_COLUMN(U64, struct corv_inspect_day, waiting),
    CORV_COLUMN(U64, struct corv_inspect_day, held),
    CORV_COLUMN(U64, struct corv_inspect_day, dead),
    CORV_COLUMN(U64, struct corv_inspect_day, confirmed),
    CORV_COLUMN(U64, struct corv_inspect_day, dropped),
};
static const struct corv_table day_table = {
    day_columns, sizeof day_columns / sizeof day_columns[0], sizeof(struct corv_inspect_day)};

/* Both halves are grouped before they are joined, so that months of traffic are read once. */
#define SINCE "id_at(date_trunc('day', now()) - ($1::bigint - 1) * interval '1 day')"
static const char days_sql[] =
    "WITH m AS (SELECT id, to_char(received_at AT TIME ZONE 'UTC', 'YYYY-MM-DD') AS day, kind,"
    "  size FROM message WHERE id >= " SINCE "),"
    " s AS (SELECT message_id, state FROM delivery WHERE message_id >= " SINCE " UNION ALL"
    "  SELECT message_id, state FROM delivery_done WHERE message_id >= " SINCE "),"
    " d AS (" COUNTS ", day, kind FROM s JOIN m ON m.id = s.message_id GROUP BY day, kind),"
    " g AS (SELECT day, kind, count(*) AS messages, sum(size) AS bytes FROM m GROUP BY day, kind)"
    " SELECT g.day, g.kind, g.messages, g.bytes, coalesce(d.deliveries, 0), coalesce(d.waiting, 0),"
    "  coalesce(d.held, 0), coalesce(d.dead, 0), coalesce(d.confirmed, 0), coalesce(d.dropped, 0)"
    " FROM g LEFT JOIN d USING (day, kind) ORDER BY g.day DESC, g.kind";

corv_rc corv_inspect_days(struct corv_inspect *i, unsigned days, struct corv_inspect_day **out,
    size_t *count, struct corv_fault *fault)
{
    char number[16];
    const char *params[] = {number};

    (void)snprintf(number, sizeof number, "%u", days ? days : 1);
    return corv_inspect_select(i, days_sql, 1, params, &day_table, out, count, fault);
}
