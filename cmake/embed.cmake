# Writes OUTPUT: the texts of FILES as sbc/model/yang_text.h declares them.
set(out "#include \"sbc/model/yang_text.h\"\n\nnamespace ringwall::sbc::model {\n\nnamespace {\nconstexpr YangText all[] = {\n")
foreach(file ${FILES})
    get_filename_component(name ${file} NAME_WE)
    file(READ ${file} text)
    string(APPEND out "    {\"${name}\", R\"yang(${text})yang\"},\n")
endforeach()
string(APPEND out "};\n}  // namespace\n\nconst std::span<const YangText> yang_texts = all;\n\n}  // namespace ringwall::sbc::model\n")
file(WRITE ${OUTPUT} "${out}")
