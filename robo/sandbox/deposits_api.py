"""The deposits as an interface for programs: GraphQL, in the manner of the public « Démarches simplifiées » API.

Signed in by a token: in this portal an account's password is its token. Only what an instructor reads is there, and
nothing changes anything. Lists are pages of Relay's connections (`pageInfo { hasNextPage endCursor }`).
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from functools import cache, partial
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from robo.sandbox.deposits import DEPOSITS, FORMS, PIECES, PROCEDURES, STARTED
from robo.sandbox.portal import Portal, portal_of
from robo.sandbox.sessions import same
from robo.sandbox.shelves import Record

if TYPE_CHECKING:
    from graphql import GraphQLSchema

MOST = 100
"""Dossiers of one page, however many were asked for."""
_LARGEST = 64 * 1024
_SCHEMA = """
type Query { demarche(number: Int!): Demarche!  dossier(number: Int!): Dossier! }
type Demarche {
  id: ID!  number: Int!  title: String!
  dossiers(first: Int = 100, after: String, state: DossierState): DossierConnection!
}
enum DossierState { en_construction en_instruction accepte refuse sans_suite }
type PageInfo { hasNextPage: Boolean!  endCursor: String }
type DossierConnection { nodes: [Dossier!]!  pageInfo: PageInfo! }
type Dossier {
  id: ID!  number: Int!  state: DossierState!  dateDepot: String!  dateDerniereModification: String!
  usager: Profile!  demandeur: PersonneMorale!  champs: [Champ!]!
}
type Profile { email: String! }
type PersonneMorale { siret: String!  entreprise: Entreprise! }
type Entreprise { raisonSociale: String! }
interface Champ { id: ID!  label: String!  stringValue: String }
type TextChamp implements Champ { id: ID!  label: String!  stringValue: String }
type CheckboxChamp implements Champ { id: ID!  label: String!  stringValue: String  value: Boolean }
type PieceJustificativeChamp implements Champ { id: ID!  label: String!  stringValue: String  files: [File!]! }
type File { filename: String!  contentType: String!  byteSize: Int! }
"""


async def endpoint(request: Request) -> Response:
    """POST `/api/v2/graphql`: `{query, variables}`; 401 without the token of an account."""
    portal = portal_of(request)
    given = request.headers.get("authorization", "").removeprefix("Bearer ")
    if not any(same(password, given) for password in portal.accounts.values()):
        return _says({"errors": [{"message": "Without a token, everything is refused"}]}, 401)
    try:
        asked = await _asked(request)
    except ValueError as bad:
        return _says({"errors": [{"message": str(bad)}]}, 400)
    number = asked["variables"].get("number")
    faults = await portal.meet(request, "list" if number is None else "api", "" if number is None else str(number))
    return await portal.leave(request, faults, _says(_answer(portal, asked)))


async def _asked(request: Request) -> dict[str, Any]:
    body = await request.body()
    asked = json.loads(body) if len(body) <= _LARGEST else None
    if not isinstance(asked, dict) or not isinstance(asked.get("query"), str):
        raise ValueError("expected {query, variables}")  # noqa: TRY004 - one error for whatever the JSON holds
    variables = asked.get("variables") or {}
    return {"query": asked["query"], "variables": variables if isinstance(variables, dict) else {}}


def _says(value: Mapping[str, Any], status: int = 200) -> JSONResponse:
    return JSONResponse(value, status_code=status)


def _answer(portal: Portal, asked: Mapping[str, Any]) -> Mapping[str, Any]:
    from graphql import graphql_sync

    root = {"demarche": partial(_procedure, portal), "dossier": partial(_one, portal)}
    done = graphql_sync(_schema(), asked["query"], root, variable_values=asked["variables"])
    errors = {"errors": [{"message": each.message} for each in done.errors]} if done.errors else {}
    return {"data": done.data, **errors}


@cache
def _schema() -> GraphQLSchema:
    from graphql import build_schema

    return build_schema(_SCHEMA)


def _procedure(portal: Portal, _info: Any, number: int) -> Mapping[str, Any]:
    if number != PROCEDURES[portal.skin.id]:
        raise ValueError("Demarche not found")
    return {
        "id": _id("Procedure", number),
        "number": number,
        "title": "Demande de subvention DETR/DSIL (fictive)",
        "dossiers": partial(_connection, portal, str(number)),
    }


def _connection(
    portal: Portal, procedure: str, _info: Any, first: int = MOST, after: str | None = None, state: str | None = None
) -> Mapping[str, Any]:
    every = [
        record
        for record in portal.books.shelves.shown(DEPOSITS.name)
        if record.content["Démarche"] == procedure and state in {None, record.content["État"]}
    ]
    start = _behind(every, after)
    page = every[start : start + max(1, min(first, MOST))]
    further = start + len(page) < len(every)
    return {
        "nodes": [_dossier(portal, record) for record in page],
        "pageInfo": {"hasNextPage": further, "endCursor": _id("Cursor", page[-1].number) if page else None},
    }


def _behind(records: Sequence[Record], cursor: str | None) -> int:
    """Where the page after a cursor begins."""
    if not cursor:
        return 0
    for place, record in enumerate(records):
        if _id("Cursor", record.number) == cursor:
            return place + 1
    raise ValueError("Invalid cursor")


def _one(portal: Portal, _info: Any, number: int) -> Mapping[str, Any]:
    record = portal.books.shelves.numbered(DEPOSITS.name, str(number))
    if record is None:
        raise ValueError("Dossier not found")
    return {**_dossier(portal, record), "state": record.content["État ensuite"] or record.content["État"]}


def _dossier(portal: Portal, record: Record) -> Mapping[str, Any]:
    said, form = record.content, FORMS[portal.skin.id]
    return {
        "id": _id("Dossier", record.number),
        "number": int(record.number),
        "state": said["État"],
        "dateDepot": said["Déposé le"],
        "dateDerniereModification": said["Déposé le"],
        "usager": {"email": said["Courriel"]},
        "demandeur": {"siret": said["SIRET"], "entreprise": {"raisonSociale": said["Porteur"]}},
        "champs": [_champ(key, label, said[key]) for key, label in form.items()],
    }


def _champ(key: str, label: str, text: str) -> Mapping[str, Any]:
    champ: dict[str, Any] = {"id": _id("Champ", key), "label": label, "__typename": "TextChamp", "stringValue": text}
    if key in PIECES:
        files = [_file(name.strip()) for name in text.split(";") if name.strip()]
        return {**champ, "__typename": "PieceJustificativeChamp", "stringValue": None, "files": files}
    if key == STARTED:
        yes = text == "oui"
        return {**champ, "__typename": "CheckboxChamp", "stringValue": str(yes).lower(), "value": yes}
    return champ


def _file(name: str) -> Mapping[str, Any]:
    """`plan.pdf`, or `plan.pdf (0)`: with its size in bytes."""
    name, _, size = name.partition(" (")
    return {"filename": name, "contentType": "application/pdf", "byteSize": int(size.rstrip(")") or "48213")}


def _id(kind: str, key: object) -> str:
    return base64.b64encode(f"{kind}-{key}".encode()).decode()
