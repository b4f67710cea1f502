using Dftp.Cluster.Door;

namespace Dftp.Tests.Cluster.Door;

/// <summary>A secret file of a test, deleted with its directory.</summary>
internal sealed class SecretOfTest : IDisposable
{
    public const string KeyA = "key-a-for-tests-0123456789abcdef-0123456789";
    public const string KeyB = "key-b-for-tests-0123456789abcdef-0123456789";

    private readonly string _directory = Directory.CreateTempSubdirectory("dftp-test-").FullName;

    public SecretOfTest(params string[] keys) => Write(string.Join('\n', keys) + "\n");

    public string Path => System.IO.Path.Combine(_directory, "secret");

    public static string IdOf(string key) => new SecretKey(System.Text.Encoding.UTF8.GetBytes(key)).Id;

    /// <summary>Replaces the file in one step, as an administrator should.</summary>
    public void Write(string content, UnixFileMode mode = UnixFileMode.UserRead | UnixFileMode.UserWrite)
    {
        var fresh = Path + ".new";
        File.WriteAllText(fresh, content);
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(fresh, mode);
        File.Move(fresh, Path, overwrite: true);
    }

    public ClusterSecret Open() => ClusterSecret.Open(Path);

    public void Dispose() => Directory.Delete(_directory, recursive: true);
}
