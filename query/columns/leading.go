package columns

import "math"

// leading is the first terms of an order as one number, the smaller the sooner: most rows are told apart by it.
type leading struct {
	terms []Term
	sizes []int64 // of each term's numbers, of more than one term
}

// lead takes as many terms as fit into one number.
func lead(order []Term) leading {
	room := int64(math.MaxInt64)
	var l leading
	for _, t := range order {
		if t.number == nil || t.most == 0 || t.most > room-3 {
			break
		}
		l.terms, l.sizes = append(l.terms, t), append(l.sizes, t.most+3)
		room /= t.most + 3
	}
	if len(l.terms) == 0 && len(order) > 0 && order[0].number != nil {
		l.terms = order[:1] // alone, whatever its numbers
	}
	return l
}

// of is the number of a row.
func (l *leading) of(row uint32) (number int64) {
	if l.sizes == nil {
		for i := range l.terms {
			number = l.terms[i].number(row)
			if l.terms[i].Desc {
				number = -number
			}
		}
		return number
	}
	for i := range l.terms {
		number = number*l.sizes[i] + l.digit(i, l.terms[i].number(row))
	}
	return number
}

// digit is a number of a term among the others. What is remembered may be beside those of all rows.
func (l *leading) digit(i int, n int64) int64 {
	n = min(max(n+1, 0), l.sizes[i]-1)
	if l.terms[i].Desc {
		return l.sizes[i] - 1 - n
	}
	return n
}

// remembered is the number of a row of which these values are remembered.
func (l *leading) remembered(values []string) (number int64, err error) {
	for i := range l.terms {
		n, err := l.terms[i].place(values[i])
		switch {
		case err != nil:
			return 0, err
		case l.sizes != nil:
			number = number*l.sizes[i] + l.digit(i, n)
		case l.terms[i].Desc:
			number = -n
		default:
			number = n
		}
	}
	return number, nil
}
