package access

import "errors"

// parseHash reads a PHC string of argon2id.
func parseHash(phc string) (struct{}, error) {
	if phc == "" {
		return struct{}{}, errors.New("a password has no hash")
	}
	return struct{}{}, nil
}
