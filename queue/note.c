/* SPDX-License-Identifier: EUPL-1.2 */
#include "queue/writer.h"

corv_rc corv_queue_note(
    struct corv_queue *q, const struct corv_queue_event *event, corv_done_cb cb, void *ctx)
{
    struct corv_item *item = NULL;
    corv_rc rc = event && event->event ? CORV_OK : CORV_E_INVALID;

    if (rc == CORV_OK)
        rc = corv_writer_admit(q, CORV_ITEM_NOTE, &item);
    if (rc != CORV_OK)
        return rc;
    item->note.event = event;
    item->note.cb = cb;
    item->note.ctx = ctx;
    corv_writer_add(q, item);
    return CORV_OK;
}
