/* SPDX-License-Identifier: EUPL-1.2 */
#include "queue/pg_wait.h"

#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>

#include "daemon/base/clock.h"
#include "queue/pg_holder.h"

#define CANCEL_MS 500 /* for the server to answer to that */

/* ---- connecting --------------------------------------------------------------------------- */

PGconn *corv_pg_wait_open(const char *const *keys, const char *const *values, unsigned limit_s)
{
    int64_t until = corv_clock_mono_us() + (int64_t)limit_s * 1000000;
    PostgresPollingStatusType st = PGRES_POLLING_WRITING;
    PGconn *c;

    if (!corv_patience_has())
        return PQconnectdbParams(keys, values, 1);
    c = corv_patience_asks() ? PQconnectStartParams(keys, values, 1) : NULL;
    while (c && PQstatus(c) != CONNECTION_BAD && st != PGRES_POLLING_OK &&
           st != PGRES_POLLING_FAILED) {
        struct pollfd now = {
            .fd = PQsocket(c), .events = st == PGRES_POLLING_READING ? POLLIN : POLLOUT};

        if (!corv_patience_waits(now.fd, now.events) || corv_clock_mono_us() > until)
            break;
        if (poll(&now, 1, 0) > 0)
            st = PQconnectPoll(c);
    }
    if (c && !corv_patience_asks()) {
        PQfinish(c);
        return NULL;
    }
    return c;
}

/* ---- statements --------------------------------------------------------------------------- */

/* libpq cancels over a connection of its own, and waits for that one without end. */
static void *send_cancel(void *order)
{
    char said[128];

    (void)PQcancel(order, said, sizeof said);
    PQfreeCancel(order);
    return NULL;
}

/* The server lets go of its locks; when it does not answer the line is cut, so that nothing more is
 * waited for. */
static void cancel(PGconn *c)
{
    PGcancel *order = PQgetCancel(c);
    struct pollfd p = {.fd = PQsocket(c), .events = POLLIN};
    int64_t until = corv_clock_mono_us() + INT64_C(1000) * CANCEL_MS;
    pthread_t thread;

    if (order && pthread_create(&thread, NULL, send_cancel, order) == 0)
        (void)pthread_detach(thread);
    else
        PQfreeCancel(order);
    while (PQisBusy(c) && corv_clock_mono_us() < until)
        if (poll(&p, 1, CANCEL_MS) > 0 && !PQconsumeInput(c))
            break;
    if (PQisBusy(c))
        (void)shutdown(PQsocket(c), SHUT_RDWR);
}

/* Until the answer is there. */
static void wait_answer(PGconn *c)
{
    int64_t begun = corv_clock_mono_us();

    while (PQisBusy(c)) {
        if (!corv_patience_waits(PQsocket(c), POLLIN)) {
            cancel(c);
            return;
        }
        if (!PQconsumeInput(c))
            return; /* the result says that the line is broken */
        if (PQisBusy(c) && corv_patience_tells(begun))
            corv_pg_holder_tell(c, (corv_clock_mono_us() - begun) / 1000);
    }
}

/* Of several results the last, or the first error, as PQexec has it. */
static PGresult *take_results(PGconn *c)
{
    PGresult *last = NULL;
    PGresult *r;

    do {
        wait_answer(c);
        r = PQgetResult(c);
        if (r && !(last && PQresultStatus(last) == PGRES_FATAL_ERROR)) {
            PQclear(last);
            last = r;
        } else {
            PQclear(r);
        }
    } while (r);
    return last;
}

PGresult *corv_pg_wait_exec(PGconn *c, const char *sql)
{
    if (!corv_patience_has())
        return PQexec(c, sql);
    return corv_patience_asks() && PQsendQuery(c, sql) ? take_results(c) : NULL;
}

PGresult *corv_pg_wait_params(PGconn *c, const char *sql, int count, const char *const *values,
    const int *lengths, const int *formats, int result_format)
{
    if (!corv_patience_has())
        return PQexecParams(c, sql, count, NULL, values, lengths, formats, result_format);
    if (!corv_patience_asks() ||
        !PQsendQueryParams(c, sql, count, NULL, values, lengths, formats, result_format))
        return NULL;
    return take_results(c);
}
