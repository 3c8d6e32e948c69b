"""What differs between the portals of two préfectures: a name, colours and every label, in one table per skin.

The overlay of a region means something only if the same process meets other words. A fault may also change labels
while the portal runs (`changed_label`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from robo.errors import UsageError

OCCITANIE: Mapping[str, str] = {
    # signing in
    "sign_in_heading": "Connexion",
    "login": "Identifiant",
    "password": "Mot de passe",
    "sign_in": "Se connecter",
    "wrong": "Identifiants incorrects",
    "locked": "Compte verrouillé",
    "expired": "Votre session a expiré",
    "sign_out": "Se déconnecter",
    # dashboard
    "dashboard": "Tableau de bord",
    "new_application": "Nouvelle demande",
    "drafts": "Brouillons",
    "latest": "Derniers enregistrements",
    "resume": "Reprendre",
    "discard": "Supprimer",
    # search
    "search_heading": "Rechercher un dossier",
    "search_link": "Recherche",
    "search": "Rechercher",
    "results_for": "Résultats pour",
    "all_results": "Tous les dossiers",
    "no_result": "Aucun dossier ne correspond",
    "next_page": "Page suivante",
    "previous_page": "Page précédente",
    "reference": "Référence",
    "col_last_name": "Nom",
    "col_first_names": "Prénom",
    "number": "N° dossier",
    "created_by": "Créé par",
    "status": "Statut",
    # application
    "step_identity": "Identité",
    "step_stay": "Séjour",
    "step_review": "Récapitulatif",
    "application_reference": "Référence de la demande",
    "last_name": "Nom",
    "first_names": "Prénom(s)",
    "born": "Date de naissance",
    "nationality": "Nationalité",
    "sex": "Sexe",
    "female": "Féminin",
    "male": "Masculin",
    "motive": "Motif",
    "entered": "Date d'entrée en France",
    "address": "Adresse",
    "postcode": "Code postal",
    "town": "Commune",
    "email": "Courriel",
    "phone": "Téléphone",
    "certify": "Je certifie l'exactitude des informations saisies",
    "next": "Suivant",
    "previous": "Précédent",
    "register": "Enregistrer la demande",
    "duplicate": "Dossier déjà existant",
    # receipt
    "registered": "Demande enregistrée",
    "filed_on": "Enregistrée le",
    "receipt": "Télécharger le récépissé (PDF)",
}

GUYANE: Mapping[str, str] = {
    **OCCITANIE,
    "dashboard": "Accueil",
    "search": "Lancer la recherche",
    "col_last_name": "Nom de famille",
    "col_first_names": "Prénoms",
    "number": "Numéro de dossier",
    "last_name": "Nom de famille",
    "first_names": "Prénoms",
    "nationality": "Pays de nationalité",
    "next": "Continuer",
    "register": "Valider la demande",
}


@dataclass(frozen=True, kw_only=True)
class Skin:
    """The face of one préfecture: `id` names its style sheet, `labels` holds every word a robot may look for."""

    id: str
    authority: str
    service: str
    labels: Mapping[str, str]

    def relabelled(self, changes: Mapping[str, str]) -> Skin:
        """The same skin with each label equal to a key of `changes` shown as its value."""
        if not changes:
            return self
        return replace(self, labels={key: changes.get(text, text) for key, text in self.labels.items()})


SKINS: Mapping[str, Skin] = {
    "occitanie": Skin(
        id="occitanie",
        authority="Préfecture du Haut-Autan",
        service="Gestion des demandes de séjour",
        labels=OCCITANIE,
    ),
    "guyane": Skin(
        id="guyane",
        authority="Préfecture des Trois-Fleuves",
        service="Gestion des demandes de séjour",
        labels=GUYANE,
    ),
}


def skin_named(name: str) -> Skin:
    """The skin called `name`.

    Raises:
        UsageError: RB980, there is no such skin.
    """
    if name not in SKINS:
        raise UsageError(
            "RB980",
            "the sandbox has no skin called %(name)s",
            remedy="Choose one of: %(known)s.",
            name=name,
            known=", ".join(SKINS),
        )
    return SKINS[name]
