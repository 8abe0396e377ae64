/* SPDX-License-Identifier: EUPL-1.2 */
/* Writing SOAP 1.1: an envelope around a message, a fault, and the WS-Addressing names of the
 * standard (urn:dkintern:…). Texts are owned by the caller (free()); NULL without memory.
 * Any thread. Test: tests/unit/test_dai_read.c, tests/path/test_a08_dai.py */
#ifndef CORV_ADAPTERS_DAI_SOAP_H
#define CORV_ADAPTERS_DAI_SOAP_H

#include "adapters/dai/message.h"

/* An empty administratie leaves its separator in the standard; the protocol binding 03.02.04 drops
 * it. We read both and send as the setting says. */
enum dai_dots { DAI_DOTS_KEEP, DAI_DOTS_DROP };

struct dai_party { /* zender or ontvanger, as texts */
    const char *organisatie;
    const char *applicatie;
    const char *administratie;
};

/* "urn:dkintern:organisatie:applicatie:administratie" */
char *dai_urn_party(const struct dai_party *p, enum dai_dots dots);
/* "urn:dkintern:referentienummer@[organisatie.]applicatie.[administratie.]dkintern.nl" */
char *dai_urn_message(const char *reference, const struct dai_party *p, enum dai_dots dots);

struct dai_headers { /* each may be NULL; addressed false: no Header at all */
    bool addressed;
    const char *to;
    const char *from;
    const char *action;
    const char *message_id;
    const char *relates_to;
    const char *conversation_id;
};

/* Everything before the message; wrapped: in dai:bericht. */
char *dai_soap_head(const struct dai_headers *h, bool wrapped);
const char *dai_soap_tail(bool wrapped); /* static */
/* A whole envelope around a message; its XML declaration is taken off. */
char *dai_soap_around(const struct dai_headers *h, struct corv_text message, size_t *n);
/* A Fault: faultcode "Client", "Server", "VersionMismatch", "MustUnderstand"; detail a message. */
char *dai_soap_fault(
    const char *faultcode, const char *faultstring, struct corv_text detail, size_t *n);
/* A message without byte order mark and XML declaration. */
struct corv_text dai_undeclared(struct corv_text message);

#endif
