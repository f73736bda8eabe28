package kube

import (
	"encoding/json"
	"fmt"
	"math/big"
	"regexp"
)

// Quantity is an amount as Kubernetes writes it: "500m", "1.5Gi", 2. The grammar is that of k8s.io/apimachinery's
// resource.Quantity, which is not used because it would bring protobuf and CBOR into every load of the Dagger module.
type Quantity string

// UnmarshalJSON takes a string or, as YAML has it for `cpu: 2`, a number.
func (q *Quantity) UnmarshalJSON(raw []byte) error {
	var text string
	if err := json.Unmarshal(raw, &text); err == nil {
		*q = Quantity(text)
		return nil
	}
	var number json.Number
	if err := json.Unmarshal(raw, &number); err != nil {
		return err
	}
	*q = Quantity(number)
	return nil
}

// quantity splits an amount into its number and its suffix. Exponents have at most two digits: more than 2^63 bytes is no
// amount of anything here.
var quantity = regexp.MustCompile(`^([+-]?(?:\d{1,20}(?:\.\d{0,20})?|\.\d{1,20}))(Ki|Mi|Gi|Ti|Pi|Ei|[numkMGTPE]|[eE][+-]?\d{1,2})?$`)

// suffixes are what a suffix multiplies by.
var suffixes = map[string]*big.Rat{
	"": rational("1"), "n": rational("1e-9"), "u": rational("1e-6"), "m": rational("1e-3"), "k": rational("1e3"),
	"M": rational("1e6"), "G": rational("1e9"), "T": rational("1e12"), "P": rational("1e15"), "E": rational("1e18"),
	"Ki": power(10), "Mi": power(20), "Gi": power(30), "Ti": power(40), "Pi": power(50), "Ei": power(60),
}

func rational(text string) *big.Rat {
	r, _ := new(big.Rat).SetString(text)
	return r
}

func power(of uint) *big.Rat { return new(big.Rat).SetInt(new(big.Int).Lsh(big.NewInt(1), of)) }

// Milli gives the amount in thousandths, rounded up as Kubernetes rounds.
func (q Quantity) Milli() (int64, error) { return q.times(1000) }

// Value gives the amount in whole units, rounded up.
func (q Quantity) Value() (int64, error) { return q.times(1) }

// times gives factor times the amount, rounded up. "" is nothing.
func (q Quantity) times(factor int64) (int64, error) {
	if q == "" {
		return 0, nil
	}
	parts := quantity.FindStringSubmatch(string(q))
	if parts == nil {
		return 0, fmt.Errorf("%q is no quantity; write it like 500m, 2 or 512Mi", string(q))
	}
	amount, _ := new(big.Rat).SetString(parts[1])
	if by, known := suffixes[parts[2]]; known {
		amount.Mul(amount, by)
	} else {
		amount.Mul(amount, rational("1"+parts[2]))
	}
	amount.Mul(amount, new(big.Rat).SetInt64(factor))
	whole, rest := new(big.Int).DivMod(amount.Num(), amount.Denom(), new(big.Int))
	if rest.Sign() > 0 {
		whole.Add(whole, big.NewInt(1))
	}
	if !whole.IsInt64() {
		return 0, fmt.Errorf("%q is too much to count", string(q))
	}
	return whole.Int64(), nil
}
