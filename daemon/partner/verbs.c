/* SPDX-License-Identifier: EUPL-1.2 */
#include "daemon/partner/verbs.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "daemon/base/log.h"

static const struct {
    const char *name;
    int (*function)(const struct partner_options *o);
    bool needs_config;
    bool needs_word;
} verbs[] = {{"run", partner_verb_run, true, false}, {"list", partner_verb_list, false, false},
    {"config", partner_verb_config, true, false}, {"play", partner_verb_play, true, false},
    {"send", partner_verb_send, true, true}, {"show", partner_verb_show, false, true}};

static int usage(FILE *to, int code)
{
    (void)fputs(
        "Gebruik: corv-partner VERB [opties]\n"
        "  list [--json]                   de clusters, scenario's en fouten\n"
        "  config --config BESTAND         een corvd.yaml waarin corvd deze partijen kent\n"
        "  run --config BESTAND            de ketentest uitvoeren tegen een draaiende corvd\n"
        "      [--cluster CLUSTER] [--scenario SCENARIO] [--fault FOUT|all]\n"
        "      [--report RAPPORT.html] [--json]\n"
        "  play --config BESTAND           de andere partijen spelen, tot Ctrl-C\n"
        "  send BERICHT --config BESTAND   een testbericht sturen, bijvoorbeeld zorgmelding-1\n"
        "      [--about REFERENTIE] [--case ZAAKNUMMER]\n"
        "  show BERICHT                    een testbericht laten zien zonder het te sturen\n"
        "  --version, --help\n"
        "Afsluitcode: 0 alles goed; 1 een stap is niet goed; 2 niet uit te voeren.\n",
        to);
    return code;
}

/* -1: go on. */
static int read_options(int argc, char **argv, struct partner_options *o)
{
    static const struct option known[] = {{"config", required_argument, NULL, 'c'},
        {"cluster", required_argument, NULL, 'l'}, {"scenario", required_argument, NULL, 's'},
        {"fault", required_argument, NULL, 'f'}, {"report", required_argument, NULL, 'r'},
        {"about", required_argument, NULL, 'a'}, {"case", required_argument, NULL, 'z'},
        {"json", no_argument, NULL, 'j'}, {"version", no_argument, NULL, 'v'},
        {"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0}};
    int c;

    while ((c = getopt_long(argc, argv, "c:h", known, NULL)) != -1) {
        switch (c) {
        case 'c':
            o->config = optarg;
            break;
        case 'l':
            o->cluster = optarg;
            break;
        case 's':
            o->scenario = optarg;
            break;
        case 'f':
            o->fault = optarg;
            break;
        case 'r':
            o->report = optarg;
            break;
        case 'a':
            o->about = optarg;
            break;
        case 'z':
            o->case_number = optarg;
            break;
        case 'j':
            o->json = true;
            break;
        case 'v':
            return puts("corv-partner " CORV_VERSION) < 0 ? PARTNER_ERROR : PARTNER_GOOD;
        case 'h':
            return usage(stdout, PARTNER_GOOD);
        default:
            return usage(stderr, PARTNER_ERROR);
        }
    }
    return -1;
}

int partner_main(int argc, char **argv)
{
    struct partner_options o = {.config = NULL};
    int code = read_options(argc, argv, &o);

    if (code >= 0)
        return code;
    corv_log_set_level(CORV_LOG_ERROR);
    for (size_t i = 0; optind < argc && i < sizeof verbs / sizeof verbs[0]; i++) {
        if (strcmp(argv[optind], verbs[i].name) != 0)
            continue;
        if (argc - optind != 1 + verbs[i].needs_word || (verbs[i].needs_config && !o.config))
            return usage(stderr, PARTNER_ERROR);
        o.word = argv[optind + verbs[i].needs_word];
        return verbs[i].function(&o);
    }
    return usage(stderr, PARTNER_ERROR);
}
