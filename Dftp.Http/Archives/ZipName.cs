using System.Text.RegularExpressions;

namespace Dftp.Http.Archives;

/// <summary>Names in a ZIP archive. Windows reads a backslash in them as a slash, and <c>..\</c> as the parent directory.</summary>
internal static partial class ZipName
{
    /// <summary>
    /// Escapes a backslash as <c>%5C</c>, and the percent signs of the same name as <c>%25</c>. A name without a backslash stays
    /// unchanged, unless it looks like an escaped one. So two names never become the same.
    /// </summary>
    /// <param name="path">Names separated by slashes; each is escaped separately.</param>
    public static string Of(string path)
    {
        if (!path.Contains('\\', StringComparison.Ordinal) && !path.Contains("5C", StringComparison.Ordinal)) return path;
        return string.Join('/', path.Split('/').Select(name => LooksEscaped().IsMatch(name)
            ? name.Replace("%", "%25", StringComparison.Ordinal).Replace("\\", "%5C", StringComparison.Ordinal)
            : name));
    }

    [GeneratedRegex(@"\\|%(?:25)*5C", RegexOptions.CultureInvariant)]
    private static partial Regex LooksEscaped();
}
