/* SPDX-License-Identifier: EUPL-1.2 */
/* The envelope and the SOAP finder on any document that can be read, also one that the schema would
 * refuse: nothing may depend on the schema having looked first. */
#include <stdlib.h>
#include <string.h>

#include "schemas/envelope_read.h"
#include "schemas/reader.h"
#include "schemas/soap.h"

int LLVMFuzzerInitialize(int *argc, char ***argv); // NOLINT: the library decides how it looks
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerInitialize(int *argc, char ***argv) // NOLINT
{
    (void)argc;
    (void)argv;
    corv_schemas_init();
    return 0;
}

/* Every string is read to its end: ASan sees one that is not there. */
static size_t weigh(const struct corv_envelope *e)
{
    const char *const texts[] = {e->zender.organisatie, e->zender.applicatie,
        e->zender.administratie, e->zender.gebruiker, e->ontvanger.organisatie,
        e->ontvanger.applicatie, e->ontvanger.administratie, e->ontvanger.gebruiker,
        e->referentienummer, e->crossrefnummer, e->tijdstip, e->zaak_indiener, e->zaak_raad,
        e->foutcode};
    size_t n = 0;

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        n += texts[i] ? strlen(texts[i]) : 0;
    for (size_t i = 0; i < e->children_count; i++) {
        n += e->children[i].woonplaats ? strlen(e->children[i].woonplaats) : 0;
        n += e->children[i].gemeentecode ? strlen(e->children[i].gemeentecode) : 0;
    }
    return n;
}

static void read_as(xmlNodePtr message, enum corv_kind kind, bool soap, size_t size)
{
    struct corv_envelope *e = NULL;
    corv_rc rc = corv_envelope_read(message, kind, soap, &e);

    if ((rc == CORV_OK) != (e != NULL))
        abort();
    if (e && (e->kind != kind || e->soap != soap || weigh(e) > 64 * size))
        abort();
    corv_envelope_free(e);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct corv_document d;
    struct corv_findings findings;
    xmlNodePtr message = NULL;
    bool soap = false;

    if (size < 1)
        return 0;
    corv_findings_init(&findings);

    corv_rc rc = corv_document_read(
        corv_view_of(data + 1, size - 1), &corv_read_limits_default, &d, &findings);

    if (rc == CORV_OK)
        rc = corv_soap_message(&d, &message, &soap, &findings);
    if (rc == CORV_OK) { /* as what it is, and as what it is not */
        enum corv_kind kind = message->ns
                                  ? corv_kind_of(corv_view_str((const char *)message->ns->href),
                                        corv_view_str((const char *)message->name))
                                  : CORV_KIND_UNKNOWN;

        if (kind != CORV_KIND_UNKNOWN)
            read_as(message, kind, soap, size);
        kind = (enum corv_kind)(data[0] % CORV_KIND_COUNT);
        if (kind != CORV_KIND_UNKNOWN)
            read_as(message, kind, soap, size);
    }
    corv_document_free(&d);
    corv_findings_free(&findings);
    return 0;
}
