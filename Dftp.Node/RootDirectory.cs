namespace Dftp.Node;

/// <summary>Checks that the directory of <c>--dfsroot</c> can be served.</summary>
internal static class RootDirectory
{
    /// <exception cref="StartException">It does not exist, is not a directory, or cannot be listed.</exception>
    public static void ThrowIfUnreadable(string root)
    {
        try
        {
            // Only opening the directory shows reliably whether it can be listed.
            using var names = Directory.EnumerateFileSystemEntries(root).GetEnumerator();
            names.MoveNext();
        }
        catch (IOException failure) when (File.Exists(root))
        {
            throw new StartException($"--dfsroot: {root}: is not a directory", failure);
        }
        catch (DirectoryNotFoundException failure)
        {
            throw new StartException($"--dfsroot: {root}: no such directory", failure);
        }
        catch (UnauthorizedAccessException failure)
        {
            throw new StartException($"--dfsroot: {root}: permission denied", failure);
        }
        catch (IOException failure)
        {
            throw new StartException($"--dfsroot: {root}: {failure.Message}", failure);
        }
    }
}
