/* SPDX-License-Identifier: EUPL-1.2 */
#include "queue/audit.h"

/* Numbers go in as eight bytes, big endian, so that a short script can do the same sum. */
static struct corv_view number(int64_t n, char out[8])
{
    for (int i = 0; i < 8; i++)
        out[i] = (char)(uint8_t)((uint64_t)n >> (56 - 8 * i));
    return corv_view_of(out, 8);
}

static struct corv_view text(const char *s)
{
    return corv_view_str(s ? s : "");
}

corv_rc corv_audit_commitment(const struct corv_audit_line *line, struct corv_digest *commitment)
{
    const struct corv_queue_event *e = &line->event;
    bool about = !corv_id_is_null(&e->message);
    char delivery[8];
    const struct corv_view parts[] = {
        corv_view_of(line->salt, sizeof line->salt),
        text(e->event),
        corv_view_of(e->message.b, about ? sizeof e->message.b : 0),
        number(e->delivery, delivery),
        text(e->party),
        text(e->actor),
        text(e->code),
        text(e->detail),
    };

    return corv_digest_fields(parts, sizeof parts / sizeof parts[0], commitment);
}

corv_rc corv_audit_hash(const struct corv_digest *previous, const struct corv_audit_line *line,
    const struct corv_digest *commitment, struct corv_digest *hash)
{
    char chain[8];
    char seq[8];
    char at[8];
    const struct corv_view parts[] = {
        corv_view_of(previous->b, sizeof previous->b),
        number(line->chain, chain),
        number(line->seq, seq),
        number(line->at_us, at),
        corv_view_of(commitment->b, sizeof commitment->b),
    };

    return corv_digest_fields(parts, sizeof parts / sizeof parts[0], hash);
}
