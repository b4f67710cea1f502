namespace Dftp.Tests.Node;

/// <summary>An empty directory, gone with all that is in it when disposed of.</summary>
internal sealed class TemporaryDirectory : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("dftp-test-").FullName;

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
