namespace Dftp.Tests.Node;

/// <summary>An empty directory, deleted with its contents on disposal.</summary>
internal sealed class TemporaryDirectory : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("dftp-test-").FullName;

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
