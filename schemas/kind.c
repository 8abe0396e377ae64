/* SPDX-License-Identifier: EUPL-1.2 */
#include "schemas/kind.h"

struct row {
    const char *name; /* local name of the root */
    const char *ns;
    enum corv_family family;
};

/* The order is that of enum corv_kind. */
static const struct row rows[CORV_KIND_COUNT] = {
    [CORV_KIND_UNKNOWN] = {"unknown", "", CORV_FAMILY_NONE},
    [CORV_KIND_VTO] = {"vtoDi01", CORV_NS_JZ, CORV_FAMILY_JR},
    [CORV_KIND_NOTIFICATIE] = {"notificatieDi01", CORV_NS_JZ, CORV_FAMILY_JR},
    [CORV_KIND_NOTIFICATIEJR] = {"notificatiejrDi01", CORV_NS_JZ, CORV_FAMILY_JR},
    [CORV_KIND_ZORGMELDING] = {"zorgmeldingDi01", CORV_NS_JZ, CORV_FAMILY_JR},
    [CORV_KIND_ZORGMELDING_TERUGKOPPELING] = {"zorgmeldingTerugkoppelingDi01", CORV_NS_JZ,
        CORV_FAMILY_JR},
    [CORV_KIND_VT_MELDING] = {"vtMeldingDi01", CORV_NS_JZ, CORV_FAMILY_VT},
    [CORV_KIND_VT_TERUGKOPPELING] = {"vtTerugkoppelingDi01", CORV_NS_JZ, CORV_FAMILY_VT},
    [CORV_KIND_VCOB] = {"vcobDi01", CORV_NS_JZ, CORV_FAMILY_VV},
    [CORV_KIND_UCOB] = {"ucobDi01", CORV_NS_JZ, CORV_FAMILY_VV},
    [CORV_KIND_VCI] = {"vciDi01", CORV_NS_JZ, CORV_FAMILY_VV},
    [CORV_KIND_UCI] = {"uciDi01", CORV_NS_JZ, CORV_FAMILY_VV},
    [CORV_KIND_MELDING_GENERIEK] = {"meldingGeneriekDi01", CORV_NS_JZ, CORV_FAMILY_GM},
    [CORV_KIND_UITKOMST_MELDING_GENERIEK] = {"uitkomstMeldingGeneriekDi01", CORV_NS_JZ,
        CORV_FAMILY_GM},
    [CORV_KIND_BV01] = {"Bv01Bericht", CORV_NS_STUF, CORV_FAMILY_STUF},
    [CORV_KIND_BV03] = {"Bv03Bericht", CORV_NS_STUF, CORV_FAMILY_STUF},
    [CORV_KIND_BV04] = {"Bv04Bericht", CORV_NS_STUF, CORV_FAMILY_STUF},
    [CORV_KIND_FO01] = {"Fo01Bericht", CORV_NS_STUF, CORV_FAMILY_STUF},
    [CORV_KIND_FO03] = {"Fo03Bericht", CORV_NS_STUF, CORV_FAMILY_STUF},
    [CORV_KIND_KENNISGEVING] = {"kennisgeving", CORV_NS_KENNISGEVING, CORV_FAMILY_OWN},
};

static const struct row *row_of(enum corv_kind kind)
{
    if ((int)kind < 0 || kind >= CORV_KIND_COUNT)
        return &rows[CORV_KIND_UNKNOWN];
    return &rows[kind];
}

enum corv_kind corv_kind_of(struct corv_view ns, struct corv_view root)
{
    for (int k = CORV_KIND_UNKNOWN + 1; k < CORV_KIND_COUNT; k++)
        if (rows[k].family != CORV_FAMILY_OWN && corv_view_is(ns, rows[k].ns) &&
            corv_view_is(root, rows[k].name))
            return (enum corv_kind)k;
    return CORV_KIND_UNKNOWN;
}

enum corv_kind corv_kind_by_name(const char *root)
{
    for (int k = CORV_KIND_UNKNOWN + 1; root && k < CORV_KIND_COUNT; k++)
        if (strcmp(rows[k].name, root) == 0)
            return (enum corv_kind)k;
    return CORV_KIND_UNKNOWN;
}

const char *corv_kind_name(enum corv_kind kind)
{
    return row_of(kind)->name;
}

const char *corv_kind_ns(enum corv_kind kind)
{
    return row_of(kind)->ns;
}

enum corv_family corv_kind_family(enum corv_kind kind)
{
    return row_of(kind)->family;
}

const char *corv_variant_name(enum corv_variant v)
{
    static const char *const names[] = {
        [CORV_VARIANT_NONE] = "",
        [CORV_VARIANT_INTAKE_AFGEROND] = "intake-afgerond",
        [CORV_VARIANT_ONDERZOEK_AFGEROND] = "onderzoek-afgerond",
        [CORV_VARIANT_ZAAK_AFGEROND] = "zaak-afgerond",
        [CORV_VARIANT_AMBTSHALVE_GESTART] = "ambtshalve-gestart",
        [CORV_VARIANT_AMBTSHALVE_AFGEROND] = "ambtshalve-afgerond",
    };

    if ((int)v < 0 || (size_t)v >= sizeof names / sizeof *names)
        return "";
    return names[v];
}
