"""The field's form challenge: ten rounds of seven labelled fields whose order and ids change after each Submit.

It runs in the page alone (`static/challenge.js`): the server keeps nothing, and no fault touches it. At the end it
says how many of the 70 fields were right, the milliseconds since Start, and how many events were not a person's
(`isTrusted` false).
"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from robo.sandbox.portal import portal_of

ROUNDS = 10
FIELDS = ("First Name", "Last Name", "Company Name", "Role in Company", "Address", "Email", "Phone Number")

_PEOPLE = (
    ("Ada", "Bertin", "Atelier Nord", "Analyst", "12 Mill Lane", "abertin@example.test", "40716543298"),
    (
        "Basile",
        "Carpentier",
        "Brume Conseil",
        "Engineer",
        "4 Harbour Street",
        "bcarpentier@example.test",
        "40791345621",
    ),
    ("Chloé", "Delmas", "Cap Sud", "Accountant", "99 Shire Oak Road", "cdelmas@example.test", "40735416854"),
    ("Driss", "Eloy", "Delta & Fils", "Scientist", "27 Cheshire Street", "deloy@example.test", "40733652145"),
    ("Élise", "Fabre", "Est Mobilier", "Advertiser", "1 Palm Street", "efabre@example.test", "40799885412"),
    ("Félix", "Garnier", "Forge-Neuve", "Programmer", "87 Orange Street", "fgarnier@example.test", "40733154268"),
    ("Gaëlle", "Hubert", "Galaxie", "Dentist", "22 Guild Street", "ghubert@example.test", "40712462257"),
    ("Hakim", "Imbert", "Horizon", "Medical Engineer", "17 Farburn Terrace", "himbert@example.test", "40731254562"),
    ("Ilona", "Joly", "Iris & Cie", "Sales Manager", "78 Sussex Road", "ijoly@example.test", "40741785214"),
    (
        "Jules",
        "Kessler",
        "Jardin d'Hiver",
        "Director",
        "19 Pineapple Boulevard",
        "jkessler@example.test",
        "40731653845",
    ),
)


def challenge_rows() -> list[dict[str, str]]:
    """The ten rows a robot enters, in order, one a round; the page checks against the same."""
    return [dict(zip(FIELDS, person, strict=True)) for person in _PEOPLE]


async def challenge_page(request: Request) -> Response:
    """GET `/challenge`."""
    return portal_of(request).page(request, "challenge.html", rows=challenge_rows(), fields=FIELDS, rounds=ROUNDS)
