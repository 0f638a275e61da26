package display

func compile(expr string) (*Filter, error) { return &Filter{text: expr, root: everything{}}, nil }
