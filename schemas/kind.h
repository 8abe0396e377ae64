/* SPDX-License-Identifier: EUPL-1.2 */
/* The message kinds corvd knows: namespace + root decide (an allow-list, MESSAGES.md §1).
 * Static tables; any thread. Test: tests/unit/test_kind.c */
#ifndef CORV_SCHEMAS_KIND_H
#define CORV_SCHEMAS_KIND_H

#include "daemon/base/rc.h"
#include "daemon/base/view.h"

#define CORV_NS_JZ   "http://www.stufstandaarden.nl/koppelvlak/jz0100"
#define CORV_NS_ZKN  "http://www.egem.nl/StUF/sector/zkn/0310"
#define CORV_NS_BG   "http://www.egem.nl/StUF/sector/bg/0310"
#define CORV_NS_STUF "http://www.egem.nl/StUF/StUF0301"
#define CORV_NS_SOAP "http://schemas.xmlsoap.org/soap/envelope/"
#define CORV_NS_XSI  "http://www.w3.org/2001/XMLSchema-instance"
/* our own notice (schemas/xsd/kennisgeving.xsd) */
#define CORV_NS_KENNISGEVING "urn:corvd:kennisgeving:1"

enum corv_kind {
    CORV_KIND_UNKNOWN = 0,
    CORV_KIND_VTO,
    CORV_KIND_NOTIFICATIE,
    CORV_KIND_NOTIFICATIEJR,
    CORV_KIND_ZORGMELDING,
    CORV_KIND_ZORGMELDING_TERUGKOPPELING,
    CORV_KIND_VT_MELDING,
    CORV_KIND_VT_TERUGKOPPELING,
    CORV_KIND_VCOB,
    CORV_KIND_UCOB,
    CORV_KIND_VCI,
    CORV_KIND_UCI,
    CORV_KIND_MELDING_GENERIEK,
    CORV_KIND_UITKOMST_MELDING_GENERIEK,
    CORV_KIND_BV01,
    CORV_KIND_BV03,
    CORV_KIND_BV04,
    CORV_KIND_FO01,
    CORV_KIND_FO03,
    CORV_KIND_KENNISGEVING, /* our own notice; never accepted from outside */
    CORV_KIND_COUNT,
};

enum corv_family {
    CORV_FAMILY_NONE,
    CORV_FAMILY_JR,
    CORV_FAMILY_VT,
    CORV_FAMILY_VV,
    CORV_FAMILY_GM,
    CORV_FAMILY_STUF, /* Bv and Fo */
    CORV_FAMILY_OWN,
    CORV_FAMILY_COUNT,
};

/* CORV_KIND_UNKNOWN when the pair is not on the list of what may come in from outside (our own
 * kennisgeving is not). */
enum corv_kind corv_kind_of(struct corv_view ns, struct corv_view root);
enum corv_kind corv_kind_by_name(const char *root); /* local name, e.g. "vtoDi01" */
const char *corv_kind_name(enum corv_kind kind);    /* local name; "unknown" */
const char *corv_kind_ns(enum corv_kind kind);
enum corv_family corv_kind_family(enum corv_kind kind);

/* What a notificatieDi01 tells (derived from status, resultaat and indicatieAmbtshalve,
 * MESSAGES.md §3: no status of its own exists for ambtshalve). */
enum corv_variant {
    CORV_VARIANT_NONE = 0,
    CORV_VARIANT_INTAKE_AFGEROND,
    CORV_VARIANT_ONDERZOEK_AFGEROND,
    CORV_VARIANT_ZAAK_AFGEROND,
    CORV_VARIANT_AMBTSHALVE_GESTART,
    CORV_VARIANT_AMBTSHALVE_AFGEROND,
};
const char *corv_variant_name(enum corv_variant v); /* "intake-afgerond", …, "" for none */

#endif
