# SPDX-License-Identifier: MIT
# Completion of troupe(1) for bash: `troupe complete` knows what it takes.

_troupe()
{
	local line=${COMP_LINE:0:COMP_POINT} last kept found files
	local -a words

	read -ra words <<<"$line"
	[[ $line == *[[:space:]] ]] && words+=("")
	found=$("${words[0]}" complete -- "${words[@]:1}" 2>/dev/null)
	files=$?
	COMPREPLY=()
	[[ $found ]] && mapfile -t COMPREPLY <<<"$found"
	# bash takes what is before a colon or an equals sign for another word.
	last=${words[-1]}
	kept=${last%"${last##*[:=]}"}
	[[ $COMP_WORDBREAKS == *:* && $kept ]] &&
		COMPREPLY=("${COMPREPLY[@]#"$kept"}")
	((files == 0)) || compopt -o default 2>/dev/null
	return 0
}

complete -F _troupe troupe
