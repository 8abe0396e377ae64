/* SPDX-License-Identifier: EUPL-1.2 */
/* Tiny messages of our own for the tests of the schemas layer. Nobody in them exists. */
#ifndef CORV_TEST_VERDICT_MESSAGES_H
#define CORV_TEST_VERDICT_MESSAGES_H

/* A message is longer than what C99 promises for one literal; every compiler we use takes it. */
#pragma GCC diagnostic ignored "-Woverlength-strings"

#define NAMESPACES                                                                                 \
    " xmlns:JZ=\"http://www.stufstandaarden.nl/koppelvlak/jz0100\""                                \
    " xmlns:ZKN=\"http://www.egem.nl/StUF/sector/zkn/0310\""                                       \
    " xmlns:BG=\"http://www.egem.nl/StUF/sector/bg/0310\""                                         \
    " xmlns:StUF=\"http://www.egem.nl/StUF/StUF0301\""                                             \
    " xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\""

#define PARTIES                                                                                    \
    "<StUF:zender><StUF:organisatie>00000099999000901000</StUF:organisatie>"                       \
    "<StUF:applicatie>proef</StUF:applicatie></StUF:zender>\n"                                     \
    "<StUF:ontvanger><StUF:organisatie>00000099999000902000</StUF:organisatie>"                    \
    "<StUF:applicatie>toets</StUF:applicatie></StUF:ontvanger>\n"

#define HEADER(code, function)                                                                     \
    "<JZ:stuurgegevens><StUF:berichtcode>" code "</StUF:berichtcode>\n" PARTIES                    \
    "<StUF:referentienummer>ref-1</StUF:referentienummer>"                                         \
    "<StUF:tijdstipBericht>20260301120000</StUF:tijdstipBericht>"                                  \
    "<StUF:functie>" function "</StUF:functie></JZ:stuurgegevens>\n"

/* A Bv03 with something between the header fields and the end. */
#define BV03_WITH(attributes, reference)                                                           \
    "<StUF:Bv03Bericht" NAMESPACES attributes ">\n"                                                \
    "<StUF:stuurgegevens><StUF:berichtcode>Bv03</StUF:berichtcode>\n" PARTIES                      \
    "<StUF:referentienummer>" reference "</StUF:referentienummer>"                                 \
    "<StUF:tijdstipBericht>20260301120000</StUF:tijdstipBericht>\n"                                \
    "<StUF:crossRefnummer>ref-0</StUF:crossRefnummer></StUF:stuurgegevens>\n"                      \
    "</StUF:Bv03Bericht>"
#define BV03 BV03_WITH("", "ref-1")

#define FO01(details)                                                                              \
    "<StUF:Fo01Bericht" NAMESPACES ">\n"                                                           \
    "<StUF:stuurgegevens><StUF:berichtcode>Fo01</StUF:berichtcode>\n" PARTIES                      \
    "<StUF:referentienummer>ref-1</StUF:referentienummer>"                                         \
    "<StUF:tijdstipBericht>20260301120000</StUF:tijdstipBericht>"                                  \
    "<StUF:crossRefnummer>ref-0</StUF:crossRefnummer></StUF:stuurgegevens>\n"                      \
    "<StUF:body><StUF:code>StUF055</StUF:code><StUF:plek>client</StUF:plek>"                       \
    "<StUF:omschrijving>proef</StUF:omschrijving>" details "</StUF:body></StUF:Fo01Bericht>"

#define EXTRA(naam, value) "<StUF:extraElement naam=\"" naam "\">" value "</StUF:extraElement>"

#define CHILD(number, place, relation)                                                             \
    "<ZKN:heeftBetrekkingOp StUF:entiteittype=\"ZAKOBJ\">"                                         \
    "<ZKN:gerelateerde StUF:entiteittype=\"OBJ\">"                                                 \
    "<ZKN:natuurlijkPersoon StUF:entiteittype=\"NPS\">"                                            \
    "<BG:geslachtsnaam>Proef</BG:geslachtsnaam><BG:geboortedatum>20180101</"                       \
    "BG:geboortedatum>" place "<StUF:extraElementen>" EXTRA("clientvolgnummer",                    \
        number) "</StUF:extraElementen></ZKN:natuurlijkPersoon></ZKN:gerelateerde>"                \
                "<ZKN:omschrijving>" relation "</ZKN:omschrijving></ZKN:heeftBetrekkingOp>\n"

#define PLACE(name)                                                                                \
    "<BG:verblijfsadres><BG:wpl.woonplaatsNaam>" name "</BG:wpl.woonplaatsNaam>"                   \
    "</BG:verblijfsadres>"

#define GUARDIAN(number, place, role)                                                              \
    "<ZKN:heeftAlsBelanghebbende StUF:entiteittype=\"ZAKBTRBLH\">"                                 \
    "<ZKN:gerelateerde StUF:entiteittype=\"BTR\">"                                                 \
    "<ZKN:natuurlijkPersoon "                                                                      \
    "StUF:entiteittype=\"NPS\"><BG:geslachtsnaam>Toets</BG:geslachtsnaam>" place                   \
    "</ZKN:natuurlijkPersoon></ZKN:gerelateerde>"                                                  \
    "<ZKN:omschrijving>" role                                                                      \
    "</ZKN:omschrijving><StUF:extraElementen>" EXTRA("clientvolgnummer", number) EXTRA(            \
        "indicatieGeinformeerd", "true") "</StUF:extraElementen></ZKN:heeftAlsBelanghebbende>\n"

#define DOCUMENT(attributes, content)                                                              \
    "<ZKN:heeftRelevant StUF:entiteittype=\"ZAKEDC\"><ZKN:gerelateerde StUF:entiteittype=\"EDC\">" \
    "<ZKN:identificatie>DOC-1</ZKN:identificatie>"                                                 \
    "<ZKN:dct.omschrijving>Verzoek tot onderzoek RvdK</ZKN:dct.omschrijving>"                      \
    "<ZKN:creatiedatum>20260101</ZKN:creatiedatum><ZKN:titel>stuk</ZKN:titel>"                     \
    "<ZKN:taal>Nederlands</ZKN:taal><ZKN:status>Definitief</ZKN:status>"                           \
    "<ZKN:vertrouwelijkAanduiding>VERTROUWELIJK</ZKN:vertrouwelijkAanduiding>"                     \
    "<ZKN:auteur>proef</ZKN:auteur>"                                                               \
    "<ZKN:inhoud StUF:bestandsnaam=\"a.pdf\"" attributes ">" content "</ZKN:inhoud>"               \
    "</ZKN:gerelateerde></ZKN:heeftRelevant>\n"

/* The parts of a VTO, to be put together by a test. */
#define VTO_HEAD(extra)                                                                            \
    "<JZ:vtoDi01" NAMESPACES                                                                       \
    ">\n" HEADER("Di01", "vtoDi01") "<JZ:object StUF:entiteittype="                                \
                                    "\"ZAK\"><ZKN:identificatie>zaak-1</ZKN:identificatie>"        \
                                    "<ZKN:omschrijving>proef</"                                    \
                                    "ZKN:omschrijving><ZKN:startdatum>20260101</ZKN:startdatum>"   \
                                    "<ZKN:registratiedatum>20260101</ZKN:registratiedatum>\n"      \
                                    "<StUF:extraElementen>" EXTRA("datumIndiening", "20260101")    \
                                        extra                                                      \
        "</StUF:extraElementen>"                                                                   \
        "<ZKN:isVan StUF:entiteittype=\"ZAKZKT\"><ZKN:gerelateerde StUF:entiteittype=\"ZKT\">"     \
        "<ZKN:omschrijvingGeneriek>Overwegen "                                                     \
        "kinderbeschermingsmaatregel</ZKN:omschrijvingGeneriek>"                                   \
        "</ZKN:gerelateerde></ZKN:isVan>\n"
#define VTO_REQUESTER                                                                              \
    "<ZKN:heeftAlsUitvoerende StUF:entiteittype=\"ZAKBTRUTV\">"                                    \
    "<ZKN:gerelateerde StUF:entiteittype=\"BTR\">"                                                 \
    "<ZKN:nietNatuurlijkPersoon StUF:entiteittype=\"NNPINN\">"                                     \
    "<BG:statutaireNaam>proef</BG:statutaireNaam></ZKN:nietNatuurlijkPersoon>"                     \
    "<ZKN:medewerker StUF:entiteittype=\"MDW\"><ZKN:achternaam>proef</ZKN:achternaam>"             \
    "</ZKN:medewerker></ZKN:gerelateerde></ZKN:heeftAlsUitvoerende>"                               \
    "<ZKN:heeftBetrekkingOpAndere StUF:entiteittype=\"ZAKZAKBTR\">"                                \
    "<ZKN:gerelateerde StUF:entiteittype=\"ZAK\"><ZKN:isVan StUF:entiteittype=\"ZAKZKT\">"         \
    "<ZKN:gerelateerde StUF:entiteittype=\"ZKT\"><ZKN:omschrijvingGeneriek>"                       \
    "Uitvoeren onderzoek kinderbeschermingsmaatregel</ZKN:omschrijvingGeneriek>"                   \
    "</ZKN:gerelateerde></ZKN:isVan></ZKN:gerelateerde></ZKN:heeftBetrekkingOpAndere>\n"
#define VTO_TAIL     "</JZ:object></JZ:vtoDi01>"
#define VTO_CHILD    CHILD("1", PLACE("Proefdorp"), "Client (kind)")
#define VTO_GUARDIAN GUARDIAN("1", "", "ouder met gezag")

#define VTO(attributes, content)                                                                   \
    VTO_HEAD("")                                                                                   \
    VTO_CHILD VTO_GUARDIAN VTO_REQUESTER DOCUMENT(attributes, content) VTO_TAIL

#define SOAP(header, body)                                                                         \
    "<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\">" header "<s:Body>" body    \
    "</s:Body></s:Envelope>"

#endif
