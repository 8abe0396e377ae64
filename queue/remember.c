/* SPDX-License-Identifier: EUPL-1.2 */
/* The state folder knows a new primary before anything is stored there. Else a node that ended in
 * that very second would begin again at the former one, when that is first in the row, and what it
 * took in there would be lost with it. On a worker: the disk may be slow. */
#include "queue/writer.h"

static void write_down(uv_work_t *work)
{
    struct corv_queue *q = work->data;

    q->remember.rc = corv_primary_write(q->o.state_dir, &q->remember.writing);
}

bool corv_remember_knows(const struct corv_queue *q)
{
    return !q->o.state_dir || q->primary.timeline == 0 ||
           corv_primary_same(&q->remember.written, &q->primary);
}

static void written(uv_work_t *work, int status)
{
    struct corv_queue *q = work->data;
    struct corv_remember *r = &q->remember;
    bool wanted = r->wanted && !q->closed_down;

    r->busy = r->wanted = false;
    if (status == 0 && r->rc == CORV_OK)
        r->written = r->writing;
    if (wanted && corv_remember_knows(q))
        corv_queue_place_writer(q);
    else if (wanted && r->rc == CORV_OK) /* that was for the session before this one */
        corv_remember_primary(q);
    else if (wanted)
        corv_pg_drop(q->writer, "primary-unwritten");
    corv_queue_part_gone(q);
}

void corv_remember_primary(struct corv_queue *q)
{
    struct corv_remember *r = &q->remember;

    if (!r->busy) {
        r->work.data = q;
        r->writing = q->primary;
        r->busy = uv_queue_work(q->o.loop, &r->work, write_down, written) == 0;
        q->parts += r->busy;
    }
    r->wanted = r->busy;
    if (!r->busy)
        corv_pg_drop(q->writer, "primary-unwritten");
}

void corv_remember_forget(struct corv_queue *q)
{
    q->remember.wanted = false;
}
