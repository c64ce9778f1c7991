// Package sealer seals a ledger while it is served: each day at 18:00 in Shanghai, and when the server stops. It asks
// the witnesses of the operator's policy that have an address for their cosignatures, and publishes each checkpoint.
//
// It does so in the background and only if sealing was begun and the ledger's private key lies in the directory of
// the ledger. Nobody waits for it: a record is written as fast as without it, and a stop waits a few seconds at most.
// What fails is tried again: sealing every ten minutes, and a witness that does not cosign after one minute, then two,
// and so on up to an hour.
package sealer
