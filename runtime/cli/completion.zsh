#compdef troupe
# SPDX-License-Identifier: MIT
# Completion of troupe(1) for zsh: `troupe complete` knows what it takes.

local -a found
found=("${(@f)$(${words[1]} complete -- "${(@)words[2,CURRENT]}" 2>/dev/null)}")
if [[ -n $found[1] ]]; then
	compadd -Q -- $found
else
	_files
fi
