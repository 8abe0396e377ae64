/* SPDX-License-Identifier: EUPL-1.2 */
/* What lies in a request or an answer: a StUF message, bare, in a SOAP 1.1 Body, or in dai:bericht
 * in that Body; its WS-Addressing headers; and of the message the fields of the stuurgegevens that
 * addressing needs. The message is a piece of the bytes that were read; only namespaces that its
 * wrapping declared are written into its first tag, and only those it uses.
 * Any thread. Test: tests/unit/test_dai_read.c; fuzzer: tests/fuzz/fuzz_dai.c */
#ifndef CORV_ADAPTERS_DAI_MESSAGE_H
#define CORV_ADAPTERS_DAI_MESSAGE_H

#include "adapters/dai/scan.h"

#define DAI_NS_SOAP "http://schemas.xmlsoap.org/soap/envelope/"
#define DAI_NS_WSA  "http://www.w3.org/2005/08/addressing"
#define DAI_NS      "http://www.stufstandaarden.nl/koppelvlak/dai0100"
#define DAI_NS_STUF "http://www.egem.nl/StUF/StUF0301"
#define DAI_NS_XOP  "http://www.w3.org/2004/08/xop/include"

struct dai_address { /* zender or ontvanger */
    struct dai_value organisatie;
    struct dai_value applicatie;
    struct dai_value administratie;
    struct dai_value gebruiker;
};

struct dai_message {
    struct corv_text bytes; /* the message; in what was read, or in owned */
    char *owned;            /* or NULL */
    bool soap;              /* it came in a SOAP 1.1 envelope */
    bool wrapped;           /* in dai:bericht */
    bool fault;             /* the Body holds a soap:Fault; the message may be in its detail */
    bool addressed;         /* there were WS-Addressing headers */
    struct dai_value wsa_message_id;
    struct dai_value wsa_to;
    struct dai_value wsa_from;
    struct dai_value wsa_action;
    struct dai_value root; /* local name of the message */
    struct dai_value ns;
    struct dai_address zender;
    struct dai_address ontvanger;
    struct dai_value referentienummer;
    struct dai_value crossrefnummer;
    struct dai_value code; /* of a Fo01 or Fo03 */
    struct dai_value plek;
};

enum dai_read {
    DAI_READ_OK,
    DAI_READ_MEMORY,
    DAI_READ_XML,             /* not taken apart: no XML, or not safe */
    DAI_READ_VERSION,         /* an Envelope, but not of SOAP 1.1 */
    DAI_READ_STRUCTURE,       /* Header, Body or what is in them */
    DAI_READ_MUST_UNDERSTAND, /* a header we do not know insists */
};
/* m is always to be freed. On anything but OK m->bytes is empty. */
enum dai_read dai_message_read(struct corv_text bytes, struct dai_message *m);
void dai_message_free(struct dai_message *m); /* what it holds */

#endif
