namespace Dftp.Cluster.LocalFiles;

/// <summary>Resolves paths to their real ends by the framework's means.</summary>
internal static class RealPath
{
    /// <summary>Linux' own limit.</summary>
    private const int MaxLinks = 40;

    /// <summary>Follows every symlink in a path.</summary>
    /// <param name="path">An absolute path.</param>
    /// <param name="isCircle">Whether there were too many symlinks.</param>
    /// <returns>The path without symlinks; null if nothing exists there, or for a loop.</returns>
    public static string? Of(string path, out bool isCircle)
    {
        isCircle = false;
        var links = 0;
        var full = Path.GetFullPath(path);
        var real = Path.GetPathRoot(full)!;
        var rest = new Stack<string>(Names(full[real.Length..]).Reverse());
        while (rest.TryPop(out var name))
        {
            if (name == "..")
            {
                real = Path.GetDirectoryName(real) ?? real;
                continue;
            }

            var next = Path.Join(real, name);
            var info = new FileInfo(next);
            if (info.LinkTarget is not { } target)
            {
                if (!Path.Exists(next)) return null;
                real = next;
                continue;
            }

            if (++links > MaxLinks)
            {
                isCircle = true;
                return null;
            }

            // A link's target is not normalised as text: if a is a symlink, a/.. is not the directory that holds a.
            if (Path.IsPathFullyQualified(target)) real = Path.GetPathRoot(target)!;
            var names = Names(Path.IsPathFullyQualified(target) ? target[real.Length..] : target);
            foreach (var part in names.Reverse()) rest.Push(part);
        }

        return real;
    }

    /// <summary>Whether <paramref name="path"/> is <paramref name="directory"/> or lies below it. Both are real paths.</summary>
    public static bool IsBeneath(string path, string directory)
    {
        var prefix = Path.TrimEndingDirectorySeparator(directory);
        var comparison = OperatingSystem.IsWindows() ? StringComparison.OrdinalIgnoreCase : StringComparison.Ordinal;
        return path.StartsWith(prefix, comparison)
            && (path.Length == prefix.Length || Path.EndsInDirectorySeparator(prefix)
                || path[prefix.Length] == Path.DirectorySeparatorChar);
    }

    private static IEnumerable<string> Names(string path) =>
        path.Split([Path.DirectorySeparatorChar, Path.AltDirectorySeparatorChar], StringSplitOptions.RemoveEmptyEntries)
            .Where(name => name != ".");
}
