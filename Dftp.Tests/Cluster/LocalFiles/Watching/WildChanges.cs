namespace Dftp.Tests.Cluster.LocalFiles.Watching;

/// <summary>
/// Random changes in a small name space, so that names are created, replaced and removed often. Several threads may run it.
/// </summary>
internal sealed class WildChanges(TempRoot temp, int seed)
{
    private const int Names = 4;
    private const int Depth = 4;

    private int _threads = seed * 1000;

    public void Run(int operations)
    {
        var random = new Random(Interlocked.Increment(ref _threads));
        for (var index = 0; index < operations; index++)
        {
            try
            {
                Change(random);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // The entry does not exist or has another kind.
            }
        }
    }

    private void Change(Random random)
    {
        var path = Path(random);
        switch (random.Next(11))
        {
            case 0 or 1:
                Directory.CreateDirectory(temp.At(path));
                break;
            case 2 or 3 or 4:
                File.WriteAllText(temp.At(path), new string('x', random.Next(100)));
                break;
            case 5:
                TempRoot.Rename(temp.At(path), temp.At(Path(random)));
                break;
            case 6:
                File.Delete(temp.At(path));
                break;
            case 7:
                if (!File.GetAttributes(temp.At(path)).HasFlag(FileAttributes.ReparsePoint)) Directory.Delete(temp.At(path), recursive: true);
                break;
            case 8:
                File.CreateSymbolicLink(temp.At(path), random.Next(2) == 0 ? Name(random) : "../" + Path(random));
                break;
            case 9:
                File.SetLastWriteTimeUtc(temp.At(path), DateTime.UnixEpoch.AddSeconds(random.Next(1_000_000)));
                break;
            default:
                TempRoot.Rename(temp.At(path), temp.Outside(Name(random)));
                TempRoot.Rename(temp.Outside(Name(random)), temp.At(path));
                break;
        }
    }

    private static string Path(Random random) => string.Join('/', Enumerable.Range(0, random.Next(1, Depth + 1)).Select(_ => Name(random)));

    private static string Name(Random random) => $"n{random.Next(Names)}";
}
