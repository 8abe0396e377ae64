/* SPDX-License-Identifier: EUPL-1.2 */
/* What routing needs to know of a message, read from a document that passed the schema.
 * All strings are owned, UTF-8, concatenated over text nodes, CDATA and character references
 * (MESSAGES.md §8.12); nil elements and absent ones are NULL. Contains personal data (places):
 * never log it. Made on a worker, then handed to the loop; free from any thread.
 * Test: tests/unit/test_envelope.c */
#ifndef CORV_SCHEMAS_ENVELOPE_H
#define CORV_SCHEMAS_ENVELOPE_H

#include <stdbool.h>

#include "schemas/kind.h"

struct corv_stuf_address {
    char *organisatie;
    char *applicatie;
    char *administratie;
    char *gebruiker;
};

struct corv_child {
    bool unborn;
    char *woonplaats;   /* BG:wpl.woonplaatsNaam; of the mother when unborn; or NULL */
    char *gemeentecode; /* BG:inp.gemeenteVanInschrijving, only meldingGeneriekDi01; or NULL */
};

struct corv_envelope {
    enum corv_kind kind;
    enum corv_variant variant;
    bool soap;   /* the message came in a SOAP 1.1 envelope */
    bool urgent; /* vto: extraElement urgentie or urgent is Hoog */
    struct corv_stuf_address zender;
    struct corv_stuf_address ontvanger;
    char *referentienummer;
    char *crossrefnummer;
    char *tijdstip;      /* digits as received */
    char *zaak_indiener; /* case number of the filer, see the table in MESSAGES.md §3 */
    char *zaak_raad;     /* case number of the Raad or answerer */
    /* The kind that opened the case of zaak_indiener: kind itself, or what this kind answers; then
     * the number is the ontvanger's, not the zender's. */
    enum corv_kind case_kind;
    char *foutcode; /* Fo01/Fo03: StUF:code */
    struct corv_child *children;
    size_t children_count;
    int line_zender; /* places for findings about addressing */
    int line_ontvanger;
    int line_referentienummer;
};

void corv_envelope_free(struct corv_envelope *e); /* accepts NULL */

#endif
