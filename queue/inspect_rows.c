/* SPDX-License-Identifier: EUPL-1.2 */
#include "queue/inspect_rows.h"

#include <stdlib.h>
#include <string.h>

#include "daemon/base/id.h"
#include "queue/patience.h"

/* Short enough that a question never holds up the daemon; actions say BEGIN READ WRITE. */
static const char session[] = "SET search_path = corv;"
                              "SET default_transaction_read_only = on;"
                              "SET statement_timeout = '30s';"
                              "SET lock_timeout = '5s';"
                              "SET idle_in_transaction_session_timeout = '60s';"
                              "SET timezone = 'UTC';"
                              "SET bytea_output = 'hex'";

corv_rc corv_inspect_open(const char *conninfo, struct corv_inspect **out, struct corv_fault *fault)
{
    struct corv_inspect *i = calloc(1, sizeof *i);
    corv_rc rc;

    *out = NULL;
    if (!i)
        return CORV_FAIL(
            fault, CORV_E_NOMEM, CORV_FAULT_STORE, "store.memory", "Er is te weinig geheugen.");
    rc = corv_pg_sync_open(conninfo, "corvctl", &i->c, fault);
    if (rc == CORV_OK)
        rc = corv_pg_sync_exec(i->c, session, fault);
    if (rc != CORV_OK) {
        corv_inspect_close(i);
        return rc;
    }
    *out = i;
    return CORV_OK;
}

void corv_inspect_close(struct corv_inspect *i)
{
    if (!i)
        return;
    PQfinish(i->c);
    free(i);
}

void corv_inspect_free(void *rows)
{
    free(rows);
}

corv_rc corv_inspect_check_id(const char *text, struct corv_fault *fault)
{
    struct corv_id id;

    if (text && corv_id_read(text, &id) == CORV_OK)
        return CORV_OK;
    return CORV_FAIL(fault, CORV_E_INVALID, CORV_FAULT_SENDER, "message.number",
        "Dit is geen volledig berichtnummer (36 tekens).");
}

static corv_rc reconnect(struct corv_inspect *i, struct corv_fault *fault)
{
    PQreset(i->c);
    return corv_pg_sync_exec(i->c, session, fault);
}

corv_rc corv_inspect_query(struct corv_inspect *i, const char *sql, int count,
    const char *const *params, PGresult **out, struct corv_fault *fault)
{
    bool again = PQtransactionStatus(i->c) != PQTRANS_INTRANS;
    struct corv_fault first = {0};
    corv_rc rc = corv_pg_sync_query(i->c, sql, count, params, out, &first);

    /* a connection that broke while nobody looked is not worth a complaint */
    if (rc != CORV_OK && again && PQstatus(i->c) != CONNECTION_OK && !corv_patience_has()) {
        rc = reconnect(i, fault);
        return rc != CORV_OK ? rc : corv_pg_sync_query(i->c, sql, count, params, out, fault);
    }
    if (rc != CORV_OK && fault && fault->cls == CORV_FAULT_NONE)
        *fault = first;
    return rc;
}

/* Never half a character: what is cut must still be UTF-8. */
static void copy_text(char *out, size_t size, const char *text)
{
    size_t n = strlen(text);

    if (n >= size) {
        n = size - 1;
        while (n > 0 && ((unsigned char)text[n] & 0xC0) == 0x80)
            n--;
    }
    memcpy(out, text, n);
    out[n] = '\0';
}

static void fill(const struct corv_column *column, const char *text, char *row)
{
    void *place = row + column->offset;

    switch (column->type) {
    case CORV_COLUMN_TEXT:
        copy_text(place, column->size, text);
        break;
    case CORV_COLUMN_INT:
        *(int *)place = (int)strtol(text, NULL, 10);
        break;
    case CORV_COLUMN_I64:
        *(int64_t *)place = strtoll(text, NULL, 10);
        break;
    case CORV_COLUMN_UINT:
        *(unsigned *)place = (unsigned)strtoul(text, NULL, 10);
        break;
    case CORV_COLUMN_U64:
        *(uint64_t *)place = strtoull(text, NULL, 10);
        break;
    case CORV_COLUMN_BOOL:
        *(bool *)place = *text == 't';
        break;
    case CORV_COLUMN_DOUBLE:
        *(double *)place = strtod(text, NULL);
        break;
    }
}

corv_rc corv_inspect_select(struct corv_inspect *i, const char *sql, int count,
    const char *const *params, const struct corv_table *table, void *out, size_t *rows,
    struct corv_fault *fault)
{
    PGresult *r = NULL;
    corv_rc rc = corv_inspect_query(i, sql, count, params, &r, fault);
    char *list = NULL;

    *(void **)out = NULL;
    *rows = 0;
    if (rc != CORV_OK)
        return rc;
    if (PQnfields(r) != table->count) {
        PQclear(r);
        return CORV_FAIL(fault, CORV_E_INTERNAL, CORV_FAULT_BUG, "store.columns",
            "Een vraag aan de database gaf andere kolommen dan verwacht.");
    }
    *rows = (size_t)PQntuples(r);
    list = calloc(*rows + 1, table->row_size);
    if (!list)
        rc = CORV_FAIL(
            fault, CORV_E_NOMEM, CORV_FAULT_STORE, "store.memory", "Er is te weinig geheugen.");
    for (size_t row = 0; list && row < *rows; row++)
        for (int col = 0; col < table->count; col++)
            fill(&table->columns[col], PQgetvalue(r, (int)row, col), list + row * table->row_size);
    *(void **)out = list;
    PQclear(r);
    return rc;
}
