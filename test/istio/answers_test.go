package istio

import "github.com/kymamesh/kymamesh/pkg/topology"

func oneOfTwo(a, b topology.Answer) topology.Answer {
	switch {
	case a == topology.Yes || b == topology.Yes:
		return topology.Yes
	case a == topology.No && b == topology.No:
		return topology.No
	}
	return topology.NotKnown
}

func bothOfTwo(a, b topology.Answer) topology.Answer {
	return opposite(oneOfTwo(opposite(a), opposite(b)))
}

func some[T any](list []T, is func(T) topology.Answer) topology.Answer {
	result := topology.No
	for _, item := range list {
		result = oneOfTwo(result, is(item))
	}
	return result
}

func every[T any](list []T, is func(T) topology.Answer) topology.Answer {
	result := topology.Yes
	for _, item := range list {
		result = bothOfTwo(result, is(item))
	}
	return result
}

func opposite(a topology.Answer) topology.Answer {
	switch a {
	case topology.Yes:
		return topology.No
	case topology.No:
		return topology.Yes
	}
	return topology.NotKnown
}

func certain(is bool) topology.Answer {
	if is {
		return topology.Yes
	}
	return topology.No
}
