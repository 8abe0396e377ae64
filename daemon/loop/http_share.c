/* SPDX-License-Identifier: EUPL-1.2 */
#include "daemon/loop/http_share.h"

#include <string.h>

/* Another body that the same sender has under way. */
static bool other_of(const struct corv_http_conn *other, const struct corv_http_conn *c)
{
    return other != c && other->req && strcmp(other->req->oin, c->req->oin) == 0;
}

bool corv__http_share_fits(const struct corv_http_conn *c, size_t more)
{
    const struct corv_http_server *s = c->server;
    uint64_t most_bytes = s->limits.total_body_bytes / 2;
    unsigned most = s->limits.connections / 2;
    uint64_t bytes = c->req->counted + more;
    unsigned others = 0;

    if (!c->req->oin[0] ||
        (s->stats.body_bytes_now + more <= most_bytes && s->stats.connections_now <= most))
        return true; /* there is plenty: nobody needs to be counted */
    CORV_LIST_EACH(node, &s->phases[CORV_HTTP_BODYING])
    {
        const struct corv_http_conn *other = CORV_LIST_ITEM(node, struct corv_http_conn, node);

        if (!other_of(other, c))
            continue;
        others++;
        bytes += other->req->counted;
    }
    return others == 0 || (bytes <= most_bytes && others < most);
}
