/* SPDX-License-Identifier: EUPL-1.2 */
#include "config/settings.h"

#include <inttypes.h>

#define REQUIRED NULL
#define ROW(place, key, type, min, max, dflt, reload, text)                                        \
    {place, #key, dflt, text, min, max, CORV_SET_##type, CORV_RELOAD_##reload},

#define CORV_TOP(...)             ROW("", __VA_ARGS__)
#define CORV_LISTEN(...)          ROW("listen", __VA_ARGS__)
#define CORV_ADMIN(...)           ROW("admin", __VA_ARGS__)
#define CORV_LIMITS(...)          ROW("limits", __VA_ARGS__)
#define CORV_DELIVERY(...)        ROW("delivery", __VA_ARGS__)
#define CORV_RETENTION(...)       ROW("retention", __VA_ARGS__)
#define CORV_ALARMS(...)          ROW("alarms", __VA_ARGS__)
#define CORV_ADAPTER(...)         ROW("adapters[]", __VA_ARGS__)
#define CORV_ADAPTER_SETTING(...) ROW("adapters[].settings[]", __VA_ARGS__)
#define CORV_PARTY(...)           ROW("parties[]", __VA_ARGS__)
#define CORV_PARTY_ROLE(...)      ROW("parties[].roles[]", __VA_ARGS__)
#define CORV_SCHEMA(...)          ROW("schemas[]", __VA_ARGS__)
#define CORV_RULE(...)            ROW("rules[]", __VA_ARGS__)
#define CORV_MANDATE(...)         ROW("mandates[]", __VA_ARGS__)
#define CORV_ROUTE(...)           ROW("routes[]", __VA_ARGS__)

const struct corv_setting_row corv_settings[] = {
#include "config/settings.def"
};
const unsigned corv_settings_count = sizeof corv_settings / sizeof *corv_settings;

static const char *const type_texts[] = {"tekst", "naam", "bestand", "pad", "IP-adres", "OIN",
    "logniveau", "true of false", "getal", "bytes", "datum", "lijst"};
static const char *const reload_texts[] = {
    "alleen bij start", "nieuwe verbindingen", "volgende bericht"};

static void print_bounds(struct corv_buf *out, const struct corv_setting_row *row)
{
    if (row->max)
        (void)corv_buf_addf(out, "%" PRIu64 " - %" PRIu64, row->min, row->max);
    (void)corv_buf_add_str(out, " | ");
}

static void print_default(struct corv_buf *out, const struct corv_setting_row *row)
{
    if (!row->default_text)
        (void)corv_buf_add_str(out, "**verplicht**");
    else if (row->default_text[0])
        (void)corv_buf_addf(out, "`%s`", row->default_text);
    (void)corv_buf_add_str(out, " | ");
}

static void print_heading(struct corv_buf *out, const char *place)
{
    if (place[0])
        (void)corv_buf_addf(out, "\n## `%s`\n\n", place);
    else
        (void)corv_buf_add_str(out, "\n## Bovenaan\n\n");
    (void)corv_buf_add_str(out, "| instelling | soort | grenzen | standaard | bij herladen geldt "
                                "het voor | uitleg |\n|---|---|---|---|---|---|\n");
}

void corv_settings_print(struct corv_buf *out)
{
    const char *place = NULL;

    (void)corv_buf_add_str(out,
        "# Instellingen van corvd.yaml\n\n"
        "Deze bladzijde is gemaakt uit `config/settings.def`; verander haar daar en draai\n"
        "`cmake --build BUILD --target print-settings`. Een voorbeeld met elke instelling is\n"
        "`config/corvd.yaml.example`.\n\n"
        "`[]` is een lijst. Bestanden en paden zonder `/` vooraan gelden vanaf de map van het\n"
        "instellingenbestand; `credential:NAAM` is wat systemd met `LoadCredential=` aan de "
        "dienst\n"
        "geeft. Een datum is JJJJ-MM-DD; de laatste dag telt mee. Bytes mogen als\n"
        "getal of met KiB, MiB of GiB. Het bestand is hoogstens 4 MiB, zonder ankers en "
        "verwijzingen.\n");
    for (unsigned i = 0; i < corv_settings_count; i++) {
        const struct corv_setting_row *row = &corv_settings[i];

        if (!place || strcmp(place, row->place) != 0)
            print_heading(out, row->place);
        place = row->place;
        (void)corv_buf_addf(out, "| `%s` | %s | ", row->key, type_texts[row->type]);
        print_bounds(out, row);
        print_default(out, row);
        (void)corv_buf_addf(out, "%s | %s |\n", reload_texts[row->reload], row->text);
    }
}
