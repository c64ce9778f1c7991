package docs

import "embed"

// AsyncAPI is the document of the messages of the alert feed (AsyncAPI 3.1, JSON). It is written from the types of the
// messages.
//
//go:embed asyncapi.json
var AsyncAPI []byte

// Schemas holds the JSON Schemas (draft 2020-12) of the data of the messages, schemas/alert.v1.json and
// schemas/head.v1.json. The $id of each is the dataschema of the messages.
//
//go:embed schemas/*.json
var Schemas embed.FS
