/* SPDX-License-Identifier: EUPL-1.2 */
/* corvd.yaml(5) from settings.def, as mdoc. */
#include <inttypes.h>
#include <string.h>

#include "config/settings.h"

static const char head[] =
    ".\\\" SPDX-License-Identifier: EUPL-1.2\n"
    ".\\\" Made from config/settings.def: cmake --build BUILD --target print-settings\n"
    ".Dd November 22, 2026\n"
    ".Dt CORVD.YAML 5\n"
    ".Os corvd\n"
    ".Sh NAME\n"
    ".Nm corvd.yaml\n"
    ".Nd de configuratie van corvd\n"
    ".Sh DESCRIPTION\n"
    "Een YAML-bestand van hoogstens 4 MiB, zonder ankers en verwijzingen; meestal\n"
    ".Pa /etc/corvd/corvd.yaml .\n"
    ".Pp\n"
    "Bestanden en paden zonder schuine streep vooraan gelden vanaf de map van dit bestand.\n"
    "In plaats van een pad mag er\n"
    ".Ql credential:NAAM\n"
    "staan: het bestand dat systemd met\n"
    ".Ic LoadCredential=\n"
    "of\n"
    ".Ic LoadCredentialEncrypted=\n"
    "aan de dienst geeft.\n"
    "Zo'n bestand wordt bij een herstart opnieuw gelezen, niet bij herladen.\n"
    ".Pp\n"
    "Een datum is JJJJ-MM-DD; de laatste dag telt mee.\n"
    "Bytes mogen als getal of met KiB, MiB of GiB.\n"
    "Achter\n"
    ".Pa []\n"
    "staat een lijst.\n"
    ".Pp\n"
    "Nakijken:\n"
    ".Ic corvctl config check .\n"
    "Laten gelden zonder te herstarten:\n"
    ".Ic corvctl reload\n"
    "of\n"
    ".Ic systemctl reload corvd .\n"
    "Achter elke instelling staat wanneer een wijziging dan geldt.\n";

static const char tail[] = ".Sh FILES\n"
                           ".Bl -tag -width Ds\n"
                           ".It Pa /etc/corvd/corvd.yaml\n"
                           "De configuratie.\n"
                           ".It Pa /usr/share/doc/corvd/examples/corvd.yaml.example\n"
                           "Een voorbeeld met elke instelling.\n"
                           ".El\n"
                           ".Sh SEE ALSO\n"
                           ".Xr corvctl 1 ,\n"
                           ".Xr corv-adapter 7 ,\n"
                           ".Xr corvd 8\n";

/* A line may not begin with a dot or quote, and a backslash is a command. */
static void add_text(struct corv_buf *out, const char *text)
{
    if (text[0] == '.' || text[0] == '\'')
        (void)corv_buf_add_str(out, "\\&");
    for (const char *p = text; *p; p++) {
        if (*p == '\\')
            (void)corv_buf_add_str(out, "\\e");
        else
            (void)corv_buf_add(out, p, 1);
        if (p[0] == '.' && p[1] == ' ') { /* mdoc wants a sentence to end its line */
            (void)corv_buf_add_str(out, "\n");
            p++;
        }
    }
    (void)corv_buf_add_str(out, "\n");
}

static const char *type_of(const struct corv_setting_row *row)
{
    static const char *const texts[] = {"tekst", "naam", "bestand", "pad", "IP-adres", "OIN",
        "error, warning, info of debug", "true of false", "getal", "bytes", "datum", "lijst"};

    return texts[row->type];
}

static void add_facts(struct corv_buf *out, const struct corv_setting_row *row)
{
    static const char *const reload[] = {"Geldt pas na een herstart.",
        "Geldt bij herladen voor nieuwe verbindingen.",
        "Geldt bij herladen vanaf het volgende bericht."};

    (void)corv_buf_addf(out, "Soort: %s", type_of(row));
    if (row->max)
        (void)corv_buf_addf(out, ", van %" PRIu64 " tot en met %" PRIu64, row->min, row->max);
    (void)corv_buf_add_str(out, ".\n");
    if (!row->default_text)
        (void)corv_buf_add_str(out, "Verplicht.\n");
    else if (row->default_text[0])
        (void)corv_buf_addf(out, "Standaard:\n.Ql %s .\n", row->default_text);
    (void)corv_buf_addf(out, "%s\n", reload[row->reload]);
}

void corv_settings_man(struct corv_buf *out)
{
    const char *place = NULL;

    (void)corv_buf_add_str(out, head);
    for (unsigned i = 0; i < corv_settings_count; i++) {
        const struct corv_setting_row *row = &corv_settings[i];

        if (!place || strcmp(place, row->place) != 0)
            (void)corv_buf_addf(out, "%s.Ss %s\n.Bl -tag -width Ds\n",
                place ? ".El\n" : ".Sh INSTELLINGEN\n", row->place[0] ? row->place : "Bovenaan");
        place = row->place;
        (void)corv_buf_addf(out, ".It Ic %s\n", row->key);
        add_text(out, row->text);
        add_facts(out, row);
    }
    (void)corv_buf_add_str(out, ".El\n");
    (void)corv_buf_add_str(out, tail);
}
