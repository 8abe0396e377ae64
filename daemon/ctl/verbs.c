/* SPDX-License-Identifier: EUPL-1.2 */
/* The table of verbs, and how a command line comes to one. */
#include "daemon/ctl/verbs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/base/log.h"
#include "daemon/ctl/text.h"

#define CONFIG_DEFAULT "/etc/corvd/corvd.yaml"
#define OUTPUT_MAX     (256u << 20)
#define HELP_INDENT    20

const struct corv_ctl_verb corv_ctl_verbs[] = {
    {"status", "", "Is alles in orde, en zo niet: wat moet u doen?",
        "Afsluitcode 0: in orde; 1: kijk ernaar; 2: corvd werkt niet of is niet te bereiken.",
        corv_verb_status},
    {"incidents", "", "De alarmen die nu open zijn, en wat u eraan doet.",
        "Afsluitcode 0: niets om naar te kijken; 1: wel; 2: corvd antwoordt niet. Elk alarm staat "
        "in docs/alarmen.md.",
        corv_verb_incidents},
    {"message list",
        "[--kind SOORT] [--party PARTIJ] [--state STAND] [--reference NR] [--day DAG] [--limit N]",
        "Berichten, de nieuwste eerst.",
        "STAND is waiting, leased, held, dead, confirmed of dropped. PARTIJ is afzender of "
        "ontvanger. NR is het referentienummer; DAG is een dag (UTC), als 2026-01-31.",
        corv_verb_message_list},
    {"message show", "NUMMER", "Een bericht en zijn bezorgingen.",
        "Het begin van het nummer is genoeg als het maar bij een bericht past. Ook wat erbij "
        "hoort: "
        "Antwoord op en Beantwoord volgen uit het crossRefnummer tussen twee partijen die elkaars "
        "bericht kregen, Zelfde zaak uit het zaaknummer van de indiener. Getoond worden nummers "
        "van berichten, nooit een zaaknummer.",
        corv_verb_message_show},
    {"message trace", "NUMMER", "De hele weg van een bericht, met tijden.",
        "En wat erbij hoort, als bij message show.", corv_verb_message_trace},
    {"queue", "[--limit N]", "Wat er nog bezorgd moet worden, per ontvanger.", NULL,
        corv_verb_queue},
    {"dead", "[--limit N]", "Mislukte bezorgingen: hier moet iemand iets mee.", NULL,
        corv_verb_dead},
    {"retry", "NUMMER[/NR]", "Een mislukte of wachtende bezorging nu opnieuw proberen.",
        "Zonder /NR: alle bezorgingen van het bericht waarvoor het kan.", corv_verb_retry},
    {"hold", "NUMMER[/NR] [--reason TEKST]", "Een bezorging tegenhouden.",
        "Zet geen persoonsgegevens in de reden: die blijft in het auditspoor staan.",
        corv_verb_hold},
    {"release", "NUMMER[/NR] [--to PARTIJ]", "Een vastgehouden bezorging laten gaan.",
        "--to is nodig als nog niet vaststaat wie het bericht moet krijgen.", corv_verb_release},
    {"reroute", "NUMMER[/NR] --to PARTIJ", "Een bezorging naar een andere partij sturen.", NULL,
        corv_verb_reroute},
    {"drop", "NUMMER[/NR] --reason TEKST", "Een bezorging laten vervallen.",
        "De ontvanger krijgt het bericht dan niet van corvd. Zet geen persoonsgegevens in de "
        "reden: "
        "die blijft in het auditspoor staan.",
        corv_verb_drop},
    {"validate", "[--rules uit] [--schemas MAP] BESTAND...",
        "Berichten nakijken zonder ze te versturen.",
        "Een regel per bevinding: BESTAND: invalid LAAG CODE REGEL:KOLOM TEKST, of BESTAND: valid "
        "SOORT. Afsluitcode 0: alles goed; 1: iets is fout; 2: een bestand is niet te lezen. Met "
        "--config gelden de schemasets en regels van die configuratie; anders die van corvd zelf. "
        "--rules uit kijkt alleen naar het schema. --schemas MAP probeert een gepubliceerde set, "
        "als "
        "zip of uitgepakt, zonder hem op te slaan; wat die niet kent kijken de schema's van corvd "
        "zelf na.",
        corv_verb_validate},
    {"route explain", "BESTAND [--as PARTIJ] [--at JJJJ-MM-DD]",
        "Waar zou dit bericht heen gaan, en waarom?",
        "--as is de partij van wie het certificaat is; anders is dat de zender in het bericht.",
        corv_verb_route_explain},
    {"schemas import", "ZIP [--from JJJJ-MM-DD] [--name NAAM] [--state-dir MAP]",
        "Officiële schema's opslaan, zoals ze gepubliceerd zijn.",
        "De set wordt uitgepakt, zo nodig gerepareerd, nagekeken en opgeslagen; de configuratie "
        "kiest waar en wanneer hij geldt. Afsluitcode 1: de set is geweigerd en er is niets "
        "veranderd.",
        corv_verb_schemas_import},
    {"schemas list", "[--state-dir MAP]", "Welke schema's er zijn en waar ze gelden.",
        "Met --state-dir alleen wat daar is opgeslagen; anders ook de keuzes van de configuratie, "
        "en "
        "of die vandaag gelden.",
        corv_verb_schemas_list},
    {"reference import", "BESTAND [--state-dir MAP]",
        "De gepubliceerde referentielijsten in gebruik nemen (xlsx of zip).",
        "Instanties met SYSDA-code, OIN en geldigheid, en de rollen. Afsluitcode 1: het bestand is "
        "geweigerd en de oude lijst blijft.",
        corv_verb_reference_import},
    {"reference list", "[--state-dir MAP]", "Welke referentielijst in gebruik is.", NULL,
        corv_verb_reference_list},
    {"config check", "", "De configuratie nakijken.",
        "Met de bestanden die zij noemt: een certificaat of intrekkingslijst die verlopen is of "
        "nog niet geldt en een sleutel die niet bij haar certificaat hoort zijn fouten; wat "
        "binnen 30 dagen verloopt (een intrekkingslijst: binnen een dag) is een waarschuwing, net "
        "als een verlopen uitgever in een bundel waarin nog een geldige staat.",
        corv_verb_config_check},
    {"reload", "", "corvd de configuratie en de certificaten opnieuw laten lezen.",
        "Is er iets mis mee, dan blijft de oude configuratie gelden en leest u hier waarom. "
        "Afsluitcode 0: de nieuwe geldt; 1: de oude blijft; 2: corvd is niet te bereiken.",
        corv_verb_reload},
    {"cert check", "", "Hoe lang de certificaten nog geldig zijn.",
        "Afsluitcode 1 als er een binnen 30 dagen verloopt.", corv_verb_cert_check},
    {"node list", "", "Welke corvd's op deze database werken.",
        "Ook wie er niet meer is. Afsluitcode 1 als een node zweeg zonder te stoppen.",
        corv_verb_node_list},
    {"node forget", "NAAM", "Een node vergeten die nooit meer terugkomt.",
        "Een andere node mag daarna met een andere map met sleutels starten. Wat de vergeten node "
        "aannam en nog wacht, is dan alleen met haar sleutels te lezen.",
        corv_verb_node_forget},
    {"audit verify", "[--key BESTAND]", "Narekenen dat niemand het auditspoor heeft gewijzigd.",
        "Rekent elke regel en elk zegel na, en vergelijkt met wat state_dir onthield. De sleutels "
        "waarmee gezegeld mag zijn staan in state_dir/audit.pub, of in het BESTAND.",
        corv_verb_audit_verify},
    {"audit export", "BESTAND [--from JJJJ-MM-DD] [--to JJJJ-MM-DD]",
        "Het auditspoor in een bestand, om het zonder corvd na te kijken.",
        "Nakijken: python3 audit_verify.py BESTAND audit.pub (in docs/). De dagen tellen mee, in "
        "UTC.",
        corv_verb_audit_export},
    {"audit key", "", "De openbare sleutel waarmee corvd het auditspoor zegelt.",
        "Geef hem aan wie het spoor moet kunnen nakijken, nu: later bewijst hij niets.",
        corv_verb_audit_key},
    {"purge status", "", "Is alles vernietigd wat vernietigd moet zijn?",
        "Afsluitcode 1 als er iets te laat is.", corv_verb_purge_status},
    {"purge prove", "[--id NUMMER]", "Het bewijs dat de inhoud van een bericht is vernietigd.",
        "Afsluitcode 0: bewezen, met de sleutel erbij; 1: (nog) niet. Zonder --id: purge status.",
        corv_verb_purge_prove},
    {"stats", "[--days N]", "Aantallen per dag en soort.", NULL, corv_verb_stats},
    {"version", "", "De versie van dit programma.", NULL, corv_verb_version},
    {"help", "[VERB]", "Deze lijst, of uitleg bij een verb.", NULL, corv_verb_help},
    {NULL, NULL, NULL, NULL, NULL},
};

/* ---- help --------------------------------------------------------------------------------- */

static void list_verbs(struct corv_ctl *ctl)
{
    corv_ctl_printf(ctl, "Gebruik: corvctl [--config BESTAND] [--json] VERB ...\n\n");
    for (const struct corv_ctl_verb *v = corv_ctl_verbs; v->name; v++) {
        char label[HELP_INDENT + 8];

        (void)snprintf(label, sizeof label, "  %s", v->name);
        corv_ctl_wrap(&ctl->out, label, HELP_INDENT, v->help);
    }
    corv_ctl_printf(ctl, "\n");
    corv_ctl_wrap(&ctl->out, "", 0,
        "Zonder --config: de omgevingsvariabele CORV_CONFIG, anders " CONFIG_DEFAULT
        ". Uitleg bij een verb: corvctl help VERB");
}

static const struct corv_ctl_verb *find_verb(int argc, char **argv, int *words)
{
    for (*words = 2; *words > 0; --*words)
        for (const struct corv_ctl_verb *v = corv_ctl_verbs; v->name; v++) {
            char said[64] = "";

            if (argc < *words)
                break;
            (void)snprintf(said, sizeof said, "%s%s%s", argv[0], *words == 2 ? " " : "",
                *words == 2 ? argv[1] : "");
            if (strcmp(said, v->name) == 0)
                return v;
        }
    return NULL;
}

static json_t *verbs_json(void)
{
    json_t *list = json_array();

    for (const struct corv_ctl_verb *v = corv_ctl_verbs; v->name; v++)
        (void)json_array_append_new(
            list, json_pack("{s:s, s:s, s:s, s:s}", "verb", v->name, "usage", v->usage, "help",
                      v->help, "more", v->more ? v->more : ""));
    return list;
}

int corv_verb_help(struct corv_ctl *ctl, int argc, char **argv)
{
    int words = 0;
    const struct corv_ctl_verb *v = find_verb(argc, argv, &words);

    if (argc > 0 && !v)
        return corv_ctl_complain(
            ctl, CORV_CTL_ERROR, "ctl.usage", "Dit verb ken ik niet. Alle verbs: corvctl help");
    if (ctl->json) {
        corv_ctl_json(ctl, verbs_json());
        return CORV_CTL_YES;
    }
    if (!v) {
        list_verbs(ctl);
        return CORV_CTL_YES;
    }
    corv_ctl_printf(ctl, "Gebruik: corvctl %s %s\n\n", v->name, v->usage);
    corv_ctl_wrap(&ctl->out, "", 0, v->help);
    if (v->more)
        corv_ctl_wrap(&ctl->out, "", 0, v->more);
    return CORV_CTL_YES;
}

int corv_verb_version(struct corv_ctl *ctl, int argc, char **argv)
{
    if (!corv_ctl_options(ctl, &argc, argv, NULL, 0, 0))
        return CORV_CTL_ERROR;
    if (ctl->json)
        corv_ctl_json(ctl, json_pack("{s:s}", "version", CORV_VERSION));
    else
        corv_ctl_printf(ctl, "corvctl %s\n", CORV_VERSION);
    return CORV_CTL_YES;
}

/* ---- from the command line to a verb ------------------------------------------------------- */

/* Takes what holds for every verb out of the line, wherever it stands. */
static int global_options(struct corv_ctl *ctl, int argc, char **argv, bool *help)
{
    static char version[] = "version";
    int kept = 0;

    for (int i = 0; i < argc; i++) {
        if (strcmp(argv[i], "--") == 0) {
            while (i < argc)
                argv[kept++] = argv[i++];
        } else if (strcmp(argv[i], "--json") == 0) {
            ctl->json = true;
        } else if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
            *help = true;
        } else if (strcmp(argv[i], "--version") == 0) {
            argv[kept++] = version;
        } else if (strncmp(argv[i], "--config=", 9) == 0) {
            ctl->config_path = argv[i] + 9;
            ctl->config_given = true;
        } else if (strcmp(argv[i], "--config") == 0 && i + 1 < argc) {
            ctl->config_path = argv[++i];
            ctl->config_given = true;
        } else {
            argv[kept++] = argv[i];
        }
    }
    return kept;
}

static int run(struct corv_ctl *ctl, int argc, char **argv, bool help)
{
    int words = 0;
    const struct corv_ctl_verb *v = find_verb(argc, argv, &words);

    if (help)
        return corv_verb_help(ctl, v ? words : 0, argv);
    if (argc == 0) {
        list_verbs(ctl);
        return CORV_CTL_ERROR;
    }
    if (!v) {
        ctl->verb = "";
        return corv_ctl_complain(
            ctl, CORV_CTL_ERROR, "ctl.usage", "Dit verb ken ik niet. Alle verbs: corvctl help");
    }
    ctl->verb = v->name;
    return v->function(ctl, argc - words, argv + words);
}

static bool wants_color(void)
{
    const char *no = getenv("NO_COLOR");
    const char *term = getenv("TERM");

    return isatty(STDOUT_FILENO) && !(no && *no) && !(term && strcmp(term, "dumb") == 0);
}

int corv_ctl_main(int argc, char **argv)
{
    const char *set = getenv("CORV_CONFIG");
    struct corv_ctl ctl = {
        .config_path = set && *set ? set : CONFIG_DEFAULT, .verb = "", .color = wants_color()};
    bool help = false;
    int code;

    corv_log_set_level(CORV_LOG_ERROR); /* the words for people come from the verbs */
    corv_buf_init(&ctl.out, OUTPUT_MAX);
    argc = global_options(&ctl, argc - 1, argv + 1, &help);
    ctl.color = ctl.color && !ctl.json;
    code = run(&ctl, argc, argv + 1, help);
    if (ctl.out.failed)
        code = CORV_CTL_ERROR;
    corv_ctl_flush(&ctl);
    corv_inspect_close(ctl.inspect);
    corv_config_free(ctl.config);
    corv_buf_free(&ctl.out);
    return ferror(stdout) ? CORV_CTL_ERROR : code;
}
