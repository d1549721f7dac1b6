"""How reports, explanations and verifications look; nothing is calculated here."""
