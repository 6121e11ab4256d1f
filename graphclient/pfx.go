package graphclient

import (
	"encoding/asn1"
	"errors"
	"fmt"

	"software.sslmate.com/src/go-pkcs12"
)

// maxIterations bounds the iterations of all key derivations in a PFX file, about a second of CPU
// time each million. OpenSSL and Windows write some thousands, and 600,000 is what is recommended
// where a person chose the password. The library itself carries out whatever the file says: one
// damaged byte makes it a billion.
const maxIterations = 3_000_000

var (
	errNoPFX      = errors.New("is neither PEM nor PFX, or is cut short")
	errIterations = fmt.Errorf("asks for more than %d iterations to derive its keys: it is damaged, or hostile", maxIterations)
)

func parsePFX(raw []byte, password Secret) (*Certificate, error) {
	switch n, err := iterations(raw, 0); {
	case err != nil:
		return nil, errNoPFX
	case n > maxIterations:
		return nil, errIterations
	}
	key, leaf, chain, err := pkcs12.DecodeChain(raw, string(password))
	switch {
	case errors.Is(err, pkcs12.ErrIncorrectPassword) && password == "":
		return nil, errors.New("has a password, which is missing")
	case errors.Is(err, pkcs12.ErrIncorrectPassword):
		return nil, errors.New("the password is wrong")
	case err != nil:
		return nil, errNoPFX
	}
	c, err := pair(append(chain, leaf), []any{key})
	if err != nil {
		return nil, err
	}
	c.password = password
	return c, nil
}

// iterations returns the sum of the iteration counts in DER, or more than [maxIterations] if it is
// at least that. In the MAC, in PBE, in PBES2 and in PBMAC1 alike, a count is the INTEGER after the
// OCTET STRING that is the salt:
//
//	MacData       ::= SEQUENCE { mac DigestInfo, macSalt OCTET STRING, iterations INTEGER DEFAULT 1 }
//	PBEParameter  ::= SEQUENCE { salt OCTET STRING, iterationCount INTEGER }
//	PBKDF2-params ::= SEQUENCE { salt CHOICE { specified OCTET STRING, … }, iterationCount INTEGER, … }
//
// OCTET STRINGs are looked into, because the safes are in some; what is encrypted is not DER.
func iterations(der []byte, depth int) (int, error) {
	sum, afterSalt := 0, false
	for len(der) > 0 && sum <= maxIterations {
		var v asn1.RawValue
		rest, err := asn1.Unmarshal(der, &v)
		if err != nil {
			return 0, err
		}
		n, err := iterationsOf(v, depth, afterSalt)
		if err != nil {
			return 0, err
		}
		sum += n
		afterSalt = v.Class == asn1.ClassUniversal && v.Tag == asn1.TagOctetString
		der = rest
	}
	return sum, nil
}

// iterationsOf returns the sum of the iteration counts in one value.
func iterationsOf(v asn1.RawValue, depth int, afterSalt bool) (int, error) {
	universal := v.Class == asn1.ClassUniversal
	switch {
	case depth > maxDepth:
		return 0, errNoPFX
	case v.IsCompound:
		return iterations(v.Bytes, depth+1)
	case universal && v.Tag == asn1.TagOctetString:
		n, err := iterations(v.Bytes, depth+1)
		if err != nil { // of something else
			return 0, nil //nolint:nilerr // see above
		}
		return n, nil
	case universal && v.Tag == asn1.TagInteger && afterSalt:
		return iterationCount(v), nil
	}
	return 0, nil
}

// iterationCount returns the number that an INTEGER is, or more than [maxIterations].
func iterationCount(v asn1.RawValue) int {
	var n int64
	if _, err := asn1.Unmarshal(v.FullBytes, &n); err != nil || n > maxIterations {
		return maxIterations + 1
	}
	return max(0, int(n))
}
