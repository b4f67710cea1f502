using System.Collections.Frozen;
using Dftp.FileSystem;
using Microsoft.AspNetCore.StaticFiles;

namespace Dftp.Http.Files;

/// <param name="Value">The value of Content-Type, including the charset.</param>
/// <param name="CanRunScripts">Whether a browser would run scripts in such a document.</param>
internal readonly record struct ContentType(string Value, bool CanRunScripts);

/// <summary>
/// Guesses a file's type from its extension: the framework's table, with additions from IANA's registry, or from Debian's
/// mime.types when IANA has none. An addition wins.
/// </summary>
internal static class ContentTypes
{
    public static readonly ContentType PlainText = Describe("text/plain");

    private static readonly ContentType Unknown = Describe("application/octet-stream");

    private static readonly (string Type, string[] Extensions)[] Additions =
    [
        ("text/plain",
            [".log", ".conf", ".cfg", ".ini", ".diff", ".patch", ".nfo", ".properties", ".go", ".rs", ".py", ".rb", ".pl", ".sh", ".bash",
             ".zsh", ".fish", ".ps1", ".bat", ".cmd", ".cs", ".csproj", ".sln", ".fs", ".java", ".kt", ".swift", ".c", ".h", ".cc", ".cpp",
             ".hpp", ".cxx", ".hxx", ".lua", ".sql", ".tsx", ".jsx", ".vue", ".tf", ".proto", ".cmake", ".mk", ".asm", ".tex", ".bib",
             ".rst", ".adoc", ".org", ".srt", ".cue", ".ass", ".ssa", ".sha1", ".sha256", ".sha512", ".md5", ".asc"]),
        ("text/markdown", [".md", ".markdown"]),
        ("text/csv", [".csv"]),
        ("text/tab-separated-values", [".tsv"]),
        ("text/javascript", [".js", ".mjs", ".cjs"]),
        ("text/vtt", [".vtt"]),
        ("text/calendar", [".ics"]),
        ("text/vcard", [".vcf"]),
        ("application/json", [".json", ".map", ".ipynb"]),
        ("application/x-ndjson", [".ndjson", ".jsonl"]),
        ("application/geo+json", [".geojson"]),
        ("application/yaml", [".yaml", ".yml"]),
        ("application/toml", [".toml"]),
        ("application/xml", [".xml", ".xsd", ".xsl", ".xslt", ".rng", ".gpx", ".kml"]),
        ("application/rss+xml", [".rss"]),
        ("application/atom+xml", [".atom"]),
        ("application/gzip", [".gz", ".tgz"]),
        ("application/x-bzip2", [".bz2", ".tbz2"]),
        ("application/x-xz", [".xz", ".txz"]),
        ("application/zstd", [".zst", ".tzst"]),
        ("application/x-lz4", [".lz4"]),
        ("application/x-7z-compressed", [".7z"]),
        ("application/vnd.rar", [".rar"]),
        ("application/zip", [".zip"]),
        ("application/x-tar", [".tar"]),
        ("application/x-iso9660-image", [".iso"]),
        ("application/vnd.debian.binary-package", [".deb"]),
        ("application/x-rpm", [".rpm"]),
        ("application/vnd.android.package-archive", [".apk"]),
        ("application/vnd.sqlite3", [".sqlite", ".sqlite3", ".db"]),
        ("application/vnd.apache.parquet", [".parquet"]),
        ("application/epub+zip", [".epub"]),
        ("application/vnd.comicbook+zip", [".cbz"]),
        ("application/x-bittorrent", [".torrent"]),
        ("application/pgp-signature", [".sig"]),
        ("application/wasm", [".wasm"]),
        ("application/pdf", [".pdf"]),
        ("application/manifest+json", [".webmanifest"]),
        ("application/ld+json", [".jsonld"]),
        ("application/vnd.oasis.opendocument.text", [".odt"]),
        ("application/vnd.oasis.opendocument.spreadsheet", [".ods"]),
        ("application/vnd.oasis.opendocument.presentation", [".odp"]),
        ("application/vnd.oasis.opendocument.graphics", [".odg"]),
        ("application/x-mobipocket-ebook", [".mobi"]),
        ("application/vnd.amazon.mobi8-ebook", [".azw3"]),
        ("application/vnd.apple.mpegurl", [".m3u8"]),
        ("application/dash+xml", [".mpd"]),
        ("application/xspf+xml", [".xspf"]),
        ("application/ttml+xml", [".ttml", ".dfxp"]),
        ("image/avif", [".avif"]),
        ("image/apng", [".apng"]),
        ("image/heic", [".heic", ".hif"]),
        ("image/heif", [".heif"]),
        ("image/heic-sequence", [".heics"]),
        ("image/heif-sequence", [".heifs"]),
        ("image/jpeg", [".jfif", ".pjpeg", ".pjp"]),
        ("image/jp2", [".jp2", ".jpg2"]),
        ("image/jpx", [".jpx", ".jpf"]),
        ("image/jxl", [".jxl"]),
        ("image/jxr", [".jxr", ".wdp", ".hdp"]),
        ("image/ktx2", [".ktx2"]),
        ("image/webp", [".webp"]),
        ("image/x-icon", [".ico", ".cur"]),
        ("image/vnd.adobe.photoshop", [".psd"]),
        ("image/vnd.djvu", [".djvu", ".djv"]),
        ("image/vnd.radiance", [".hdr"]),
        ("image/x-exr", [".exr"]),
        ("image/x-xcf", [".xcf"]),
        ("image/x-adobe-dng", [".dng"]),
        ("image/x-canon-cr2", [".cr2"]),
        ("image/x-canon-cr3", [".cr3"]),
        ("image/x-nikon-nef", [".nef"]),
        ("image/x-olympus-orf", [".orf"]),
        ("image/x-panasonic-rw2", [".rw2"]),
        ("image/x-fuji-raf", [".raf"]),
        ("image/x-sony-arw", [".arw"]),
        ("model/gltf-binary", [".glb"]),
        ("model/gltf+json", [".gltf"]),
        ("model/obj", [".obj"]),
        ("model/stl", [".stl"]),
        ("model/3mf", [".3mf"]),
        ("model/step", [".step", ".stp"]),
        ("model/vnd.usdz+zip", [".usdz"]),
        ("video/x-matroska", [".mkv", ".mk3d"]),
        ("video/mp2t", [".ts", ".mts", ".m2t", ".m2ts"]),
        ("video/mp4", [".mp4", ".m4v", ".mpg4", ".f4v", ".cmfv"]),
        ("video/iso.segment", [".m4s"]),
        ("video/mpeg", [".mpg", ".mpeg", ".m2v", ".vob"]),
        ("video/webm", [".webm"]),
        ("video/ogg", [".ogv", ".ogm"]),
        ("video/dv", [".dv"]),
        ("video/mj2", [".mj2"]),
        ("video/vnd.avi", [".divx"]),
        ("application/mxf", [".mxf"]),
        ("audio/flac", [".flac"]),
        ("audio/ogg", [".ogg", ".oga", ".opus", ".spx"]),
        ("audio/mp4", [".m4a", ".m4b", ".m4r", ".f4a", ".cmfa"]),
        ("audio/mpeg", [".mp3", ".mp2", ".mpga"]),
        ("audio/mpegurl", [".m3u"]),
        ("audio/x-scpls", [".pls"]),
        ("audio/aac", [".aac", ".adts"]),
        ("audio/ac3", [".ac3"]),
        ("audio/eac3", [".eac3", ".ec3"]),
        ("audio/vnd.dts", [".dts"]),
        ("audio/aiff", [".aif", ".aiff", ".aifc"]),
        ("audio/amr", [".amr"]),
        ("audio/midi", [".mid", ".midi", ".kar"]),
        ("audio/wav", [".wav"]),
        ("audio/webm", [".weba"]),
        ("audio/x-caf", [".caf"]),
        ("audio/x-matroska", [".mka"]),
        ("audio/x-ape", [".ape"]),
        ("audio/x-musepack", [".mpc"]),
        ("audio/x-wavpack", [".wv"]),
        ("audio/x-tta", [".tta"]),
        ("font/woff", [".woff"]),
        ("font/woff2", [".woff2"]),
        ("font/ttf", [".ttf"]),
        ("font/otf", [".otf"]),
        ("font/collection", [".ttc"]),
    ];

    private static readonly FrozenDictionary<string, ContentType>.AlternateLookup<ReadOnlySpan<char>> ByExtension =
        Table().GetAlternateLookup<ReadOnlySpan<char>>();

    public static ContentType Of(VirtualPath file)
    {
        var name = file.Value.AsSpan(file.Value.LastIndexOf('/') + 1);
        var dot = name.LastIndexOf('.');
        return dot >= 0 && ByExtension.TryGetValue(name[dot..], out var type) ? type : Unknown;
    }

    private static FrozenDictionary<string, ContentType> Table()
    {
        var table = new Dictionary<string, ContentType>(StringComparer.OrdinalIgnoreCase);
        foreach (var (extension, type) in new FileExtensionContentTypeProvider().Mappings) table[extension] = Describe(type);
        foreach (var (type, extensions) in Additions)
        {
            foreach (var extension in extensions) table[extension] = Describe(type);
        }

        return table.ToFrozenDictionary(StringComparer.OrdinalIgnoreCase);
    }

    /// <summary>Text is assumed to be UTF-8; XML declares its own encoding.</summary>
    private static ContentType Describe(string type) => new(
        type.StartsWith("text/", StringComparison.Ordinal) && type != "text/xml" ? type + "; charset=utf-8" : type,
        type.Contains("html", StringComparison.Ordinal) || type.EndsWith("xml", StringComparison.Ordinal));
}
