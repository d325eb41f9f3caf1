#compdef troupe
# SPDX-License-Identifier: MIT
# Completion of troupe(1) for zsh: `troupe complete` knows what it takes.

local text
local -i files
text=$(${words[1]} complete -- "${(@)words[2,CURRENT]}" 2>/dev/null)
files=$?
if [[ -n $text ]]; then
	compadd -Q -- ${(f)text}
elif ((files)); then
	_files
fi
