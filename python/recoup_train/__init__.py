"""Training and export of the bundled model. Nothing in the TypeScript package needs it; the two exchange files."""
